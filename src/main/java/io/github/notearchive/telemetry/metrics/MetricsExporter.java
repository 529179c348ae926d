package io.github.notearchive.telemetry.metrics;

/** Target of the metrics. Used by one thread. */
interface MetricsExporter extends AutoCloseable {

    /** Returns the name in metrics, log and thread names. */
    String name();

    /** Returns the file or URL without secrets. */
    String target();

    /**
     * Exports the current values.
     *
     * @param isLast whether this is the last export of the process
     */
    void export(boolean isLast) throws ExportException;

    @Override
    default void close() {}

    /** Failure of an export. Its message contains no URL. */
    final class ExportException extends Exception {

        private static final long serialVersionUID = 1L;

        ExportException(String message) {
            super(message);
        }
    }
}
