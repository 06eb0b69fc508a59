package mesonet.flink.job;

import java.io.Serializable;
import java.util.List;

/** A column of the source or of a reference table, and where a record has its value. */
public record InputColumn(String name, SqlType type, List<PathStep> path) implements Serializable {}
