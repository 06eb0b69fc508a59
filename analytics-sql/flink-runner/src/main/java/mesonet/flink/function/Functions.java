package mesonet.flink.function;

import java.util.LinkedHashMap;
import java.util.Map;
import mesonet.flink.RunnerException;
import mesonet.flink.job.Job;
import mesonet.flink.job.ReferenceTable;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.functions.UserDefinedFunction;

/** All functions that statements of a job may call besides Flink's own. */
public final class Functions {
    private Functions() {}

    /**
     * Makes the functions known to Flink.
     *
     * @param startMillis what MESONET_START_TIME answers, milliseconds since the epoch
     * @throws RunnerException for a function of the job that there is not
     */
    public static void register(TableEnvironment tables, Job job, long startMillis) {
        Map<String, UserDefinedFunction> functions = builtIn(startMillis);
        for (ReferenceTable table : job.source().references()) {
            String content = ReferenceText.load(table);
            for (ReferenceTable.Lookup lookup : table.lookups())
                functions.put(lookup.function(), new ReferenceLookup(table, lookup, content));
        }
        for (String name : job.functions())
            if (!functions.containsKey(name))
                throw new RunnerException(
                        "Cannot run '" + job.application() + "': function '" + name + "' is not in this runner");
        functions.forEach(tables::createTemporarySystemFunction);
    }

    private static Map<String, UserDefinedFunction> builtIn(long startMillis) {
        Map<String, UserDefinedFunction> functions = new LinkedHashMap<>();
        functions.put("MESONET_UNIX_MILLIS", new TimeFunctions.UnixMillis());
        functions.put("MESONET_FROM_MILLIS", new TimeFunctions.FromMillis());
        functions.put("MESONET_FLOOR_MILLIS", new TimeFunctions.FloorMillis());
        functions.put("MESONET_PARSE_TIMESTAMP", new TimeFunctions.ParseTimestamp());
        functions.put("MESONET_FORMAT_TIMESTAMP", new TimeFunctions.FormatTimestamp());
        functions.put("MESONET_PARSE_TIME", new TimeFunctions.ParseTime());
        functions.put("MESONET_TIME_TEXT", new TimeFunctions.TimeText());
        functions.put("MESONET_START_TIME", new TimeFunctions.StartTime(startMillis));
        functions.put("MESONET_TEXT", new NumberFunctions.Text());
        functions.put("MESONET_TO_DOUBLE", new NumberFunctions.ToDouble());
        functions.put("MESONET_MOD", new NumberFunctions.Mod());
        functions.put("MESONET_PARSE_INTERVAL", new IntervalFunctions.ParseInterval());
        functions.put("MESONET_INTERVAL_TEXT", new IntervalFunctions.IntervalText());
        functions.put("MESONET_SUBSTRING", new TextFunctions.Substring());
        functions.put("MESONET_OVERLAY", new TextFunctions.Overlay());
        functions.put("MESONET_REGEX_REPLACE", new TextFunctions.RegexReplace());
        functions.put("MESONET_SIMILAR", new TextFunctions.Similar());
        functions.put("MESONET_LIKE", new TextFunctions.Like());
        functions.put("MESONET_INITCAP", new TextFunctions.InitCap());
        functions.put("MESONET_LOG_PARSE", new LogParse());
        functions.put("MESONET_FIRST_VALUE", new HeldValue.First());
        functions.put("MESONET_LAST_VALUE", new HeldValue.Last());
        functions.put("MESONET_NTH_VALUE", new NthValue());
        functions.put("MESONET_EXP_AVG", new ExponentialAverage());
        functions.put("MESONET_STAGGER", new Stagger());
        functions.put("MESONET_TUMBLE", new Tumble());
        functions.put("MESONET_GROUP_RANK", new GroupRank());
        functions.put("MESONET_HOTSPOTS", new Hotspots());
        functions.put("MESONET_RANDOM_CUT_FOREST", new AnomalyScore());
        return functions;
    }
}
