package io.github.notearchive.sandbox;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;

/** Bytes being put one after the other, big-endian unless the method says otherwise. */
final class Bytes {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Bytes u8(int... values) {
        for (int value : values) {
            out.write(value);
        }
        return this;
    }

    Bytes u16(int... values) {
        for (int value : values) {
            u8(value >>> 8, value);
        }
        return this;
    }

    Bytes u32(int... values) {
        for (int value : values) {
            u8(value >>> 24, value >>> 16, value >>> 8, value);
        }
        return this;
    }

    Bytes littleEndian16(int... values) {
        for (int value : values) {
            u8(value, value >>> 8);
        }
        return this;
    }

    Bytes littleEndian32(int... values) {
        for (int value : values) {
            u8(value, value >>> 8, value >>> 16, value >>> 24);
        }
        return this;
    }

    Bytes ascii(String text) {
        return all(text.getBytes(StandardCharsets.US_ASCII));
    }

    Bytes all(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    Bytes zeros(int count) {
        return all(new byte[Math.max(0, count)]);
    }

    Bytes noise(RandomGenerator random, int count) {
        byte[] noise = new byte[Math.max(0, count)];
        random.nextBytes(noise);
        return all(noise);
    }

    int size() {
        return out.size();
    }

    byte[] toArray() {
        return out.toByteArray();
    }

    /** An ISO base media box: its length, its type, its content. */
    static byte[] box(String type, byte[]... parts) {
        int length = 8;
        for (byte[] part : parts) {
            length += part.length;
        }
        Bytes box = new Bytes().u32(length).ascii(type);
        for (byte[] part : parts) {
            box.all(part);
        }
        return box.toArray();
    }

    /** A box whose content begins with version 0 and flags. */
    static byte[] fullBox(String type, int flags, byte[]... parts) {
        byte[][] all = new byte[parts.length + 1][];
        all[0] = new Bytes().u32(flags).toArray();
        System.arraycopy(parts, 0, all, 1, parts.length);
        return box(type, all);
    }
}
