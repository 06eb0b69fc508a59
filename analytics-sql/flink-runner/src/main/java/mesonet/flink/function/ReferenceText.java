package mesonet.flink.function;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import mesonet.flink.RunnerException;
import mesonet.flink.input.JsonText;
import mesonet.flink.input.RecordDecoder;
import mesonet.flink.input.RefusedRow;
import mesonet.flink.job.ReferenceTable;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/** The text of reference tables: from the job, from the jar beside it, or from a file. */
public final class ReferenceText {
    private ReferenceText() {}

    /** @throws RunnerException when the table has no text */
    public static String load(ReferenceTable table) {
        if (table.content() != null) return table.content();
        if (table.place() == null)
            throw new RunnerException("Cannot read reference table '" + table.name() + "': no file was given for its rows");
        try (InputStream resource = ReferenceText.class.getClassLoader().getResourceAsStream(table.place())) {
            if (resource != null) return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
            return Files.readString(Path.of(table.place()));
        } catch (IOException cause) {
            throw new RunnerException(
                    "Cannot read '" + table.place() + "' of reference table '" + table.name() + "'", cause);
        }
    }

    /** JSON may be one value, or one value a line. */
    static List<JsonNode> items(RecordDecoder decoder, ReferenceTable table, String content) throws RefusedRow {
        if (table.format().isCsv() || JsonText.parse(content) != null) return decoder.items(content);
        List<JsonNode> items = new ArrayList<>();
        for (String line : content.split("\n")) if (!line.isBlank()) items.addAll(decoder.items(line));
        return items;
    }
}
