package io.github.notearchive.objectstore;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.springframework.util.DigestUtils;

/** What is to be stored. Can be read as often as need be. */
public sealed interface ObjectBytes {

    /** How many bytes there are. */
    long size();

    /** All of them from the first; the caller closes it. */
    InputStream open() throws IOException;

    /** The MD5 in lower-case hexadecimal, by reading all bytes. */
    default String md5() {
        try (InputStream in = open()) {
            return DigestUtils.md5DigestAsHex(in);
        } catch (IOException e) {
            throw cannotBeRead(this, e);
        }
    }

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
        public InputStream open() {
            return new ByteArrayInputStream(array, 0, length);
        }
    }

    /** A file on the disk. */
    record OnDisk(Path file) implements ObjectBytes {

        @Override
        public long size() {
            try {
                return Files.size(file);
            } catch (IOException e) {
                throw cannotBeRead(this, e);
            }
        }

        @Override
        public InputStream open() throws IOException {
            return Files.newInputStream(file);
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

    /** A new digest of an algorithm that every Java has. */
    static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has " + algorithm, e);
        }
    }
}
