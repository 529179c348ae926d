package io.github.notearchive.sandbox;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;

/** Builder of a byte array. Numbers are big-endian unless the method name says otherwise. */
final class ByteWriter {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    ByteWriter u8(int... values) {
        return bigEndian(1, values);
    }

    ByteWriter u16(int... values) {
        return bigEndian(2, values);
    }

    ByteWriter u32(int... values) {
        return bigEndian(4, values);
    }

    ByteWriter littleEndian16(int... values) {
        return littleEndian(2, values);
    }

    ByteWriter littleEndian32(int... values) {
        return littleEndian(4, values);
    }

    ByteWriter ascii(String text) {
        return all(text.getBytes(StandardCharsets.US_ASCII));
    }

    ByteWriter all(byte[]... parts) {
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return this;
    }

    ByteWriter zeros(int count) {
        return all(new byte[count]);
    }

    ByteWriter noise(RandomGenerator random, int count) {
        byte[] noise = new byte[count];
        random.nextBytes(noise);
        return all(noise);
    }

    int size() {
        return out.size();
    }

    byte[] toArray() {
        return out.toByteArray();
    }

    /** Returns an ISO base media box: length, type, content. */
    static byte[] box(String type, byte[]... parts) {
        byte[] content = new ByteWriter().all(parts).toArray();
        return new ByteWriter().u32(8 + content.length).ascii(type).all(content).toArray();
    }

    /** Returns a box whose content starts with version 0 and these flags. */
    static byte[] fullBox(String type, int flags, byte[]... parts) {
        return box(type, new ByteWriter().u32(flags).all(parts).toArray());
    }

    private ByteWriter bigEndian(int bytes, int[] values) {
        for (int value : values) {
            for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
                out.write(value >>> shift);
            }
        }
        return this;
    }

    private ByteWriter littleEndian(int bytes, int[] values) {
        for (int value : values) {
            for (int shift = 0; shift < 8 * bytes; shift += 8) {
                out.write(value >>> shift);
            }
        }
        return this;
    }
}
