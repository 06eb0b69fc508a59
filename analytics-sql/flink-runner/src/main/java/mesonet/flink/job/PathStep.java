package mesonet.flink.job;

import java.io.Serializable;

/** One step of a mapping such as {@code $.rows[0:].value}. */
public sealed interface PathStep extends Serializable {
    record Member(String name) implements PathStep {}

    record Index(int index) implements PathStep {}

    /** Every element of an array. */
    record Every() implements PathStep {}
}
