package io.github.notearchive.objectstore;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What is to be stored. Can be read as often as need be. */
public sealed interface ObjectBytes {

    /** How many bytes there are. */
    long size();

    /** The MD5 in lower-case hexadecimal, by reading all bytes. */
    String md5();

    /**
     * Bytes in memory.
     *
     * @param array whose first bytes they are; not to be changed meanwhile
     * @param length how many of them
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record InMemory(byte[] array, int length) implements ObjectBytes {

        /** All bytes of an array. */
        public InMemory(byte[] array) {
            this(array, array.length);
        }

        @Override
        public long size() {
            return length;
        }

        @Override
        public String md5() {
            MessageDigest md5 = digest("MD5");
            md5.update(array, 0, length);
            return HexFormat.of().formatHex(md5.digest());
        }
    }

    /** A file on the disk. */
    record OnDisk(Path file) implements ObjectBytes {

        @Override
        public long size() {
            try {
                return Files.size(file);
            } catch (IOException e) {
                throw cannotBeRead(e);
            }
        }

        @Override
        public String md5() {
            MessageDigest md5 = digest("MD5");
            try (InputStream in = Files.newInputStream(file)) {
                byte[] buffer = new byte[64 * 1024];
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    md5.update(buffer, 0, n);
                }
            } catch (IOException e) {
                throw cannotBeRead(e);
            }
            return HexFormat.of().formatHex(md5.digest());
        }

        private UncheckedIOException cannotBeRead(IOException e) {
            return new UncheckedIOException("File " + file + " cannot be put into the store", e);
        }
    }

    /** A new digest of an algorithm that every Java has. */
    static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has " + algorithm, e);
        }
    }
}
