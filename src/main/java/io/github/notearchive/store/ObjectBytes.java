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

/** What is to be stored. Can be read as often as need be. */
public sealed interface ObjectBytes {

    /** How many bytes there are. */
    long size();

    /** Writes all of them, from the first. */
    void writeTo(OutputStream out) throws IOException;

    /** The MD5 in lower-case hexadecimal, by reading all bytes. */
    default String md5() {
        MessageDigest digest = DigestUtils.getMd5Digest();
        try {
            writeTo(new DigestOutputStream(OutputStream.nullOutputStream(), digest));
        } catch (IOException e) {
            throw cannotBeRead(this, e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /**
     * Bytes in memory.
     *
     * @param pieces which are read one after the other; not to be changed meanwhile
     * @param length how many bytes of them there are, from the first
     */
    record InMemory(List<byte[]> pieces, int length) implements ObjectBytes {

        /** All bytes of an array. */
        public InMemory(byte[] array) {
            this(List.of(array), array.length);
        }

        @Override
        public long size() {
            return length;
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
            int left = length;
            for (int i = 0; left > 0; i++) {
                byte[] piece = pieces.get(i);
                int count = Math.min(piece.length, left);
                out.write(piece, 0, count);
                left -= count;
            }
        }
    }

    /** A file on the disk. */
    record OnDisk(Path file) implements ObjectBytes {

        private static final int BUFFER = 64 * 1024;

        @Override
        public long size() {
            try {
                return Files.size(file);
            } catch (IOException e) {
                throw cannotBeRead(this, e);
            }
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
            try (InputStream in = new FileInputStream(file.toFile())) {
                byte[] buffer = new byte[BUFFER];
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    out.write(buffer, 0, n);
                }
            }
        }

        /** As messages have it. */
        @Override
        public String toString() {
            return "File " + file;
        }
    }

    private static UncheckedIOException cannotBeRead(ObjectBytes bytes, IOException e) {
        return new UncheckedIOException(bytes + " cannot be put into the store", e);
    }
}
