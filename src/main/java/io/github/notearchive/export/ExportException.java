package io.github.notearchive.export;

/** The options, the ids, the key or the target of an export are invalid; nothing was exported. */
public final class ExportException extends RuntimeException {

    ExportException(String message) {
        super(message);
    }
}
