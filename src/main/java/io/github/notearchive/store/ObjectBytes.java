package io.github.notearchive.store;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.apache.commons.codec.digest.DigestUtils;

/** Content of an object to be uploaded. Can be read repeatedly. */
public sealed interface ObjectBytes {

    /** Returns the length in bytes. */
    long size();

    /** Writes the whole content. */
    void writeTo(OutputStream out) throws IOException;

    /** Reads the whole content and returns its MD5 in lower-case hexadecimal. */
    default String md5() {
        MessageDigest digest = DigestUtils.getMd5Digest();
        try {
            writeTo(new DigestOutputStream(OutputStream.nullOutputStream(), digest));
        } catch (IOException e) {
            throw new UncheckedIOException(this + " cannot be read for the upload", e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /**
     * Content in memory.
     *
     * @param pieces consecutive parts of the content; must not be changed during the upload
     * @param length length of the content in bytes; further bytes of the pieces are ignored
     */
    record InMemory(List<byte[]> pieces, int length) implements ObjectBytes {

        /** The whole array. */
        public InMemory(byte[] array) {
            this(List.of(array), array.length);
        }

        @Override
        public long size() {
            return length;
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
            int remaining = length;
            for (int i = 0; remaining > 0; i++) {
                byte[] piece = pieces.get(i);
                int count = Math.min(piece.length, remaining);
                out.write(piece, 0, count);
                remaining -= count;
            }
        }
    }

    /** Content of a file. */
    record OnDisk(Path file) implements ObjectBytes {

        @Override
        public long size() {
            try {
                return Files.size(file);
            } catch (IOException e) {
                throw new UncheckedIOException(this + " cannot be read for the upload", e);
            }
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
            // a channel, as Files.newInputStream uses it, would be closed by an interrupt
            try (InputStream in = new FileInputStream(file.toFile())) {
                in.transferTo(out);
            }
        }

        /** Subject of messages. */
        @Override
        public String toString() {
            return "File " + file;
        }
    }
}
