package mesonet.flink.output;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.List;

/** What an output's rows become, carried through the table's options as text: lines of columns, or of the error stream. */
public record OutputShape(
        List<RowPrinter.OutputColumn> columns,
        List<String> partitionKey,
        boolean isRefusal,
        String application,
        String pump,
        String message)
        implements Serializable {
    /** The option that carries it. */
    public static final String OPTION = "shape";

    /** Option of a destination: columns that choose the shard, with commas between them. */
    public static final String PARTITION_KEY = "partition.key";

    public static OutputShape rows(List<RowPrinter.OutputColumn> columns, List<String> partitionKey) {
        return new OutputShape(List.copyOf(columns), List.copyOf(partitionKey), false, "", "", "");
    }

    public static OutputShape refusals(String application, String pump, String message) {
        return new OutputShape(List.of(), List.of(), true, application, pump, message);
    }

    public String encode() {
        try (ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                ObjectOutputStream objects = new ObjectOutputStream(bytes)) {
            objects.writeObject(this);
            objects.flush();
            return Base64.getEncoder().encodeToString(bytes.toByteArray());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    static OutputShape decode(String text) {
        byte[] bytes = Base64.getDecoder().decode(text);
        try (ObjectInputStream objects = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            return (OutputShape) objects.readObject();
        } catch (IOException | ClassNotFoundException cause) {
            throw new IllegalStateException("Cannot read the shape of an output", cause);
        }
    }
}
