package io.github.notearchive.export;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * The local disk did not accept a file of an export. The files of the export were deleted.
 *
 * <p>Unchecked, so that no layer between the file and the caller converts it: a store that is being read treats each
 * {@link IOException} as a network error, and the writers of JSON and CSV wrap it.
 */
public final class ExportWriteException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the message from the file and the reason of the operating system.
     *
     * @param target directory to be created
     * @param path of the file within the export
     */
    ExportWriteException(Path target, String path, IOException cause) {
        super(
                "File %s of the export to %s cannot be written: %s; nothing was exported. Check free space and permissions, then export again"
                        .formatted(path, target, reason(cause)),
                cause);
    }

    /** Returns the reason without the path of the staging directory, which differs in the next attempt. */
    private static String reason(IOException cause) {
        String message = cause instanceof FileSystemException known ? known.getReason() : cause.getMessage();
        String name = cause.getClass().getSimpleName();
        return message == null ? name : name + ", " + message;
    }
}
