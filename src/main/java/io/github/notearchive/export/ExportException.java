package io.github.notearchive.export;

/** Invalid options or target of an export. Nothing was exported. */
public final class ExportException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ExportException(String message) {
        super(message);
    }
}
