package mesonet.flink.job;

import java.io.Serializable;
import java.util.List;

/** A reference table: its schema, how it is looked up, and its text or the file or resource that has it. */
public record ReferenceTable(String name, InputFormat format, List<Lookup> lookups, String content, String place)
        implements Serializable {
    /** A table function over the rows whose key columns equal its arguments. */
    public record Lookup(String function, List<Key> keys) implements Serializable {}

    /** A key column, and the Flink type of the argument that it is compared with. */
    public record Key(String column, String type) implements Serializable {}
}
