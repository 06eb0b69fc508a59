package mesonet.flink.job;

import java.io.Serializable;
import java.util.List;

/** How bytes become rows: the service's SourceSchema, already parsed. */
public record InputFormat(
        boolean isCsv, List<PathStep> rowPath, String rowDelimiter, String columnDelimiter, List<InputColumn> columns)
        implements Serializable {}
