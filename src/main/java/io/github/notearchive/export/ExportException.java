package io.github.notearchive.export;

/** An export that cannot be made as it is asked for. Nothing is left of it. */
public final class ExportException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ExportException(String message) {
        super(message);
    }
}
