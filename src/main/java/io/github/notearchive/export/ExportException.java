package io.github.notearchive.export;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * An export that was not written; nothing of it remains.
 *
 * <p>Unchecked, so that no layer between a file and the caller converts it: a store that is being read treats each
 * {@link IOException} as a network error, and the writers of JSON and CSV wrap it.
 */
public final class ExportException extends RuntimeException {

    public enum Kind {
        /** The options or the target are invalid. */
        INVALID,
        /** The caller stopped the export. */
        STOPPED,
        /** The local disk did not accept a file. */
        NOT_WRITABLE
    }

    private final Kind kind;

    ExportException(String message) {
        this(Kind.INVALID, message, null);
    }

    private ExportException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    static ExportException stopped() {
        return new ExportException(Kind.STOPPED, "The export was stopped; its files were deleted", null);
    }

    /**
     * Creates the message from the file and the reason of the operating system, without the path of the staging
     * directory, which differs in the next attempt.
     *
     * @param target directory to be created
     * @param path of the file within the export
     */
    static ExportException notWritable(Path target, String path, IOException cause) {
        String message = cause instanceof FileSystemException known ? known.getReason() : cause.getMessage();
        String name = cause.getClass().getSimpleName();
        return new ExportException(
                Kind.NOT_WRITABLE,
                "File %s of the export to %s cannot be written: %s; nothing was exported. Check free space and permissions, then export again"
                        .formatted(path, target, message == null ? name : name + ", " + message),
                cause);
    }

    public Kind kind() {
        return kind;
    }
}
