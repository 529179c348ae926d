package io.github.notearchive.sandbox;

import java.io.ByteArrayOutputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.BiFunction;
import java.util.random.RandomGenerator;

/** Builder of a byte array from numbers in one byte order, texts and noise. */
final class ByteWriter {

    /** Bytes of noise in the smallest file, so that no two files are equal. */
    static final int LEAST_NOISE = 64;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteOrder order;

    /** Creates a writer of big-endian numbers. */
    ByteWriter() {
        this(ByteOrder.BIG_ENDIAN);
    }

    ByteWriter(ByteOrder order) {
        this.order = order;
    }

    ByteWriter u8(int... values) {
        return numbers(1, values);
    }

    ByteWriter u16(int... values) {
        return numbers(2, values);
    }

    ByteWriter u32(int... values) {
        return numbers(4, values);
    }

    ByteWriter ascii(String text) {
        return all(text.getBytes(StandardCharsets.US_ASCII));
    }

    ByteWriter all(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    ByteWriter all(ByteWriter... parts) {
        for (ByteWriter part : parts) {
            all(part.toArray());
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
    static ByteWriter box(String type, ByteWriter... parts) {
        ByteWriter content = new ByteWriter().all(parts);
        return new ByteWriter().u32(8 + content.size()).ascii(type).all(content);
    }

    /** Returns a box whose content starts with version 0 and these flags. */
    static ByteWriter fullBox(String type, int flags, ByteWriter... parts) {
        return box(type, new ByteWriter().u32(flags).all(parts));
    }

    /**
     * Returns an ISO base media file whose data are noise, of about the requested size.
     *
     * @param index returns the box with position and length of the data
     */
    static byte[] isoFile(
            ByteWriter type, BiFunction<Integer, Integer, ByteWriter> index, RandomGenerator random, int size) {
        int position = type.size() + index.apply(0, 0).size() + 8;
        int length = Math.max(LEAST_NOISE, size - position);
        ByteWriter data = new ByteWriter().noise(random, length);
        return type.all(index.apply(position, length), box("mdat", data)).toArray();
    }

    private ByteWriter numbers(int bytes, int[] values) {
        for (int value : values) {
            for (int i = 0; i < bytes; i++) {
                int shift = 8 * (order == ByteOrder.LITTLE_ENDIAN ? i : bytes - 1 - i);
                out.write(value >>> shift);
            }
        }
        return this;
    }
}
