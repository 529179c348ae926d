package io.github.notearchive.export;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * A file of an export that this machine's disk does not take. Nothing is left of the export.
 *
 * <p>Unchecked, so that it comes through whatever stands between the file and the one who asked for it: a store that is
 * being read takes each {@link IOException} for one of the network, and a library that writes JSON or CSV makes one of
 * its own of it.
 */
public final class ExportWriteException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Names the file and what the disk says.
     *
     * @param target the directory that was to be made
     * @param path of the file within the export
     */
    ExportWriteException(Path target, String path, IOException cause) {
        super(
                "File "
                        + path
                        + " of the export to "
                        + target
                        + " cannot be written: "
                        + reason(cause)
                        + "; nothing is left of the export. See that the disk has room and takes"
                        + " files of ours, then export again",
                cause);
    }

    /** Without the path on this machine, which is another one in the next try. */
    private static String reason(IOException cause) {
        String words = cause instanceof FileSystemException known ? known.getReason() : cause.getMessage();
        String name = cause.getClass().getSimpleName();
        return words == null ? name : name + ", " + words;
    }
}
