package io.github.notearchive.telemetry.metrics;

/** One way out for what is measured. */
public interface MetricsExporter extends AutoCloseable {

    /** Its name in the metrics and in the log. */
    String name();

    /** Where it goes, without anything secret. */
    String target();

    /**
     * Hands over what is measured now.
     *
     * @throws ExportException when nobody took it
     */
    void export() throws ExportException;

    /** The last time that it hands something over. */
    default void exportLast() throws ExportException {
        export();
    }

    @Override
    void close();

    /** Why nobody took it, in words that hold no address. */
    final class ExportException extends Exception {

        private static final long serialVersionUID = 1L;

        ExportException(String message) {
            super(message);
        }
    }
}
