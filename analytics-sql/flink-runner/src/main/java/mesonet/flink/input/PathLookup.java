package mesonet.flink.input;

import java.util.ArrayList;
import java.util.List;
import mesonet.flink.job.PathStep;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/** Follows a mapping through a record. */
final class PathLookup {
    private PathLookup() {}

    /** The value at a path, null where there is none. */
    static JsonNode find(JsonNode record, List<PathStep> path) {
        JsonNode found = record;
        for (PathStep step : path) {
            if (found == null) return null;
            if (step instanceof PathStep.Member member) found = found.isObject() ? found.get(member.name()) : null;
            else if (step instanceof PathStep.Index index) found = found.isArray() ? found.get(index.index()) : null;
            else found = found.isArray() ? found : null;
        }
        return found;
    }

    /** RecordRowPath: one record may hold many rows. */
    static List<JsonNode> rows(JsonNode record, List<PathStep> path) {
        List<JsonNode> rows = new ArrayList<>();
        collect(record, path, rows);
        return rows;
    }

    private static void collect(JsonNode record, List<PathStep> path, List<JsonNode> rows) {
        int every = 0;
        while (every < path.size() && !(path.get(every) instanceof PathStep.Every)) every++;
        JsonNode found = find(record, path.subList(0, every));
        if (found == null || found.isNull()) return;
        boolean isLast = every == path.size();
        if (isLast && !found.isArray()) rows.add(found);
        else if (found.isArray()) {
            for (JsonNode item : found) {
                if (isLast) rows.add(item);
                else collect(item, path.subList(every + 1, path.size()), rows);
            }
        }
    }
}
