package io.github.notearchive.store;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.io.function.IOConsumer;

/**
 * Content of an object to be uploaded. Can be read repeatedly.
 *
 * @param size length in bytes
 * @param content writes the whole content
 */
public record ObjectBytes(long size, IOConsumer<OutputStream> content) {

    /**
     * Returns content in memory.
     *
     * @param pieces consecutive parts of the content; must not be changed during the upload
     * @param length length of the content in bytes; further bytes of the pieces are ignored
     */
    public static ObjectBytes of(List<byte[]> pieces, long length) {
        return new ObjectBytes(length, out -> {
            long remaining = length;
            for (int i = 0; remaining > 0; i++) {
                int count = (int) Math.min(pieces.get(i).length, remaining);
                out.write(pieces.get(i), 0, count);
                remaining -= count;
            }
        });
    }

    public static ObjectBytes of(Path file) {
        try {
            return new ObjectBytes(Files.size(file), out -> {
                // a channel, as Files.newInputStream uses it, would be closed by an interrupt
                try (InputStream in = new FileInputStream(file.toFile())) {
                    in.transferTo(out);
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("File " + file + " cannot be read for the upload", e);
        }
    }
}
