package io.github.notearchive.media.format;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Random access to the bytes of one file, in memory or through a small buffer. Positions outside of the file read as
 * zero: callers for which that matters compare with {@link #length} first.
 *
 * <p>Used by one thread. Not a channel, which an interrupt would close.
 */
public final class FileBytes implements AutoCloseable {

    private static final int BUFFER = 8 * 1024;
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final long LOW_BITS = 0x0101_0101_0101_0101L;
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    /** Null if all bytes are in memory. */
    private final @Nullable RandomAccessFile file;

    private final List<byte[]> blocks;
    private final long length;

    /** Part of the file that is readable now, from {@link #start} on. */
    private byte[] buffer;

    private long start;
    private int held;

    public FileBytes(Path path) throws IOException {
        file = new RandomAccessFile(path.toFile(), "r");
        length = file.length();
        blocks = List.of();
        buffer = new byte[BUFFER];
    }

    /** Reads {@code length} bytes from arrays of equal length, which are filled one after the other. */
    public FileBytes(List<byte[]> blocks, int length) {
        file = null;
        this.blocks = blocks;
        this.length = length;
        buffer = blocks.isEmpty() ? new byte[0] : blocks.getFirst();
    }

    long length() {
        return length;
    }

    int u8(long at) throws IOException {
        return holds(at) ? buffer[(int) (at - start)] & 0xff : 0;
    }

    /** Unsigned big-endian number of up to eight bytes; negative if it exceeds any possible file length. */
    long big(long at, int count) throws IOException {
        long number = 0;
        for (int i = 0; i < count; i++) {
            number = number << 8 | u8(at + i);
        }
        return number;
    }

    long little(long at, int count) throws IOException {
        return Long.reverseBytes(big(at, count)) >>> (Long.SIZE - Byte.SIZE * count);
    }

    /** Four bytes as Latin-1 characters, as most containers name their parts. */
    String name(long at) throws IOException {
        return "" + (char) u8(at) + (char) u8(at + 1) + (char) u8(at + 2) + (char) u8(at + 3);
    }

    static String printable(String name) {
        return name.replaceAll("[^ !#-~]", "?");
    }

    /** Position of the next byte of this value; the file length if there is none. */
    long find(int value, long from) throws IOException {
        for (long at = from; holds(at); ) {
            int i = indexOf(value, (int) (at - start));
            if (i < held) {
                return start + i;
            }
            at = start + held;
        }
        return length;
    }

    /** Compares eight bytes at a time, since most of a picture is skipped: saves a twentieth of the CPU of a night. */
    private int indexOf(int value, int from) {
        long pattern = value * LOW_BITS;
        int i = from;
        for (; i + Long.BYTES <= held; i += Long.BYTES) {
            long zeroWhereEqual = (long) LONGS.get(buffer, i) ^ pattern;
            if (((zeroWhereEqual - LOW_BITS) & ~zeroWhereEqual & HIGH_BITS) != 0) {
                break;
            }
        }
        while (i < held && (buffer[i] & 0xff) != value) {
            i++;
        }
        return i;
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }

    /** Loads this byte into the buffer; false if the file has no such byte. */
    private boolean holds(long at) throws IOException {
        if (at >= start && at < start + held) {
            return true;
        }
        if (at < 0 || at >= length) {
            return false;
        }
        start = at - at % buffer.length;
        held = (int) Math.min(buffer.length, length - start);
        if (file == null) {
            buffer = blocks.get((int) (start / buffer.length));
        } else {
            file.seek(start);
            file.readFully(buffer, 0, held);
        }
        return true;
    }
}
