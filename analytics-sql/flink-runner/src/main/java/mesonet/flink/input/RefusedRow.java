package mesonet.flink.input;

/** A record, or a row of it, that does not fit the input schema: what the error stream says of it. */
public final class RefusedRow extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    /** @param reason ERROR_NAME of the error stream, for example COERCION_ERROR */
    public RefusedRow(String reason, String message) {
        super(message, null, false, false);
        this.reason = reason;
    }

    public String reason() {
        return reason;
    }
}
