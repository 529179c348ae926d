package io.github.notearchive.media;

import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.Checksum;
import org.jspecify.annotations.Nullable;

/**
 * A file's bytes by their place, where they lie in memory or through a small buffer. Where there is no byte, before the
 * first or behind the last, it reads as zero: whoever minds compares with {@link #length} first. Numbers are unsigned
 * and big-endian unless the method says otherwise.
 *
 * <p>For one thread. Not through a channel, which an interrupt would close.
 */
final class FileBytes implements AutoCloseable {

    private static final int BUFFER = 8 * 1024;
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final long LOW_BITS = 0x0101_0101_0101_0101L;
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    /** Null where all bytes lie in memory. */
    private final @Nullable RandomAccessFile file;

    /** Empty where they do not. */
    private final List<byte[]> pieces;

    private final long length;

    /** What is held of the file now, from {@link #start} on. */
    private byte[] buffer;

    private long start;
    private int held;

    /** The bytes of a file on the disk. */
    FileBytes(Path path) throws IOException {
        file = new RandomAccessFile(path.toFile(), "r");
        length = file.length();
        pieces = List.of();
        buffer = new byte[BUFFER];
    }

    /** So many bytes in arrays of one length, which are filled one after the other. */
    FileBytes(List<byte[]> pieces, int length) {
        file = null;
        this.pieces = pieces;
        this.length = length;
        buffer = new byte[0];
    }

    long length() {
        return length;
    }

    int u8(long at) throws IOException {
        return holds(at) ? buffer[(int) (at - start)] & 0xff : 0;
    }

    int u16(long at) throws IOException {
        return u8(at) << 8 | u8(at + 1);
    }

    int u24(long at) throws IOException {
        return u16(at) << 8 | u8(at + 2);
    }

    long u32(long at) throws IOException {
        return (long) u16(at) << 16 | u16(at + 2);
    }

    /** Negative when it is beyond what a file can have. */
    long u64(long at) throws IOException {
        return u32(at) << 32 | u32(at + 4);
    }

    int littleEndian16(long at) throws IOException {
        return u8(at) | u8(at + 1) << 8;
    }

    int littleEndian24(long at) throws IOException {
        return littleEndian16(at) | u8(at + 2) << 16;
    }

    long littleEndian32(long at) throws IOException {
        return littleEndian24(at) | (long) u8(at + 3) << 24;
    }

    /** Four bytes as characters of Latin-1, as most containers name their parts. */
    String name(long at) throws IOException {
        byte[] four = {(byte) u8(at), (byte) u8(at + 1), (byte) u8(at + 2), (byte) u8(at + 3)};
        return new String(four, StandardCharsets.ISO_8859_1);
    }

    /** Whether these characters stand there, or as many of them as the file has left. */
    boolean begins(long at, String text) throws IOException {
        for (int i = 0; i < text.length() && at + i < length; i++) {
            if (u8(at + i) != text.charAt(i)) {
                return false;
            }
        }
        return at < length;
    }

    /** Where this value comes next; the length when it does not come any more. */
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

    /** Eight bytes at a time, since most of a picture is searched for the few that mean something. */
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

    /** Whether there is nothing but zeros from here to the end. */
    boolean isZeroFrom(long from) throws IOException {
        for (long at = from; holds(at); ) {
            for (int i = (int) (at - start); i < held; i++) {
                if (buffer[i] != 0) {
                    return false;
                }
            }
            at = start + held;
        }
        return true;
    }

    /** Adds what lies between two places of the file to a sum. */
    void sum(Checksum sum, long from, long to) throws IOException {
        for (long at = from; at < to && holds(at); ) {
            int offset = (int) (at - start);
            int count = (int) Math.min(to - at, held - offset);
            sum.update(buffer, offset, count);
            at += count;
        }
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }

    /** Brings this byte into the buffer; false when the file has none there. */
    private boolean holds(long at) throws IOException {
        if (at >= start && at < start + held) {
            return true;
        }
        if (at < 0 || at >= length) {
            return false;
        }
        if (file == null) {
            int piece = (int) at / pieces.getFirst().length;
            buffer = pieces.get(piece);
            start = (long) piece * buffer.length;
            held = (int) Math.min(buffer.length, length - start);
        } else {
            read(file, at);
        }
        return true;
    }

    private void read(RandomAccessFile from, long at) throws IOException {
        held = 0;
        start = at;
        from.seek(at);
        int wanted = (int) Math.min(buffer.length, length - at);
        while (held < wanted) {
            int n = from.read(buffer, held, wanted - held);
            if (n < 0) {
                throw new EOFException("it became shorter while it was read");
            }
            held += n;
        }
    }
}
