package io.github.notearchive.media.format;

import io.github.notearchive.note.MediaType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Truncation check of one file, part by part, for one family of containers. Used once, by one thread.
 *
 * <p>A file of boxes (HEIF, MP4, QuickTime) that ends exactly between two of them is reported as complete, with a
 * remark about the missing box.
 */
public abstract class FileCheck {

    /** Limit of the parts that are read: more than a film of a day has, read within two seconds. */
    static final int MAX_PARTS = 1_000_000;

    static final int RIFF_HEADER = 12;

    /** Missing in files whose type or content has neither a length nor an end. */
    static final String CHECK = "check for truncation";

    final FileBytes bytes;

    /** Parts without which the file has no content, as far as they have not been found. */
    private final Set<String> missing = new LinkedHashSet<>();

    private @Nullable Dimensions dimensions;
    private int parts;

    FileCheck(FileBytes bytes) {
        this.bytes = bytes;
    }

    /**
     * Checks a file whose first bytes are those of this type. AAC, FLAC and subtitles are complete with a remark that
     * they are not checked (decision 13).
     *
     * @throws TruncatedFileException if the file ends within a part, or a header is impossible
     */
    public static Complete check(MediaType type, FileBytes bytes) throws IOException {
        FileCheck check = switch (type) {
            case HEIC, AVIF -> new BoxCheck(bytes, BoxCheck.PICTURE);
            case MP4, MOV, M4A -> new BoxCheck(bytes, BoxCheck.FILM);
            case JPEG, PNG, WEBP, GIF -> new PictureCheck(bytes, type);
            case WAV, OGG, MP3 -> new SoundCheck(bytes, type);
            case AAC, FLAC, SRT, VTT -> null;
        };
        if (check == null) {
            return new Complete(List.of("no " + CHECK), null);
        }
        List<String> remarks = new ArrayList<>();
        try {
            check.run();
            check.missing.forEach(part -> remarks.add("no " + part));
        } catch (TooManyPartsException e) {
            remarks.add(String.valueOf(e.getMessage()));
        }
        return new Complete(remarks, check.dimensions);
    }

    abstract void run() throws IOException;

    final void countPart(long at) throws IOException {
        if (++parts > MAX_PARTS) {
            throw new TooManyPartsException(at);
        }
    }

    /** Requires a further part of this name. */
    final void require(String part) {
        missing.add(part);
    }

    final void found(String part) {
        missing.remove(part);
    }

    /** Records dimensions; the largest ones count, impossible ones are ignored. */
    final void measured(long width, long height) {
        boolean possible = width > 0 && height > 0 && width <= Integer.MAX_VALUE && height <= Integer.MAX_VALUE;
        if (possible && (dimensions == null || (double) width * height > dimensions.area())) {
            dimensions = new Dimensions((int) width, (int) height);
        }
    }

    final void requireWithin(String part, long at, long end) throws TruncatedFileException {
        if (end > bytes.length()) {
            throw truncated(part, at);
        }
    }

    /** Reads the chunks of a RIFF file up to the length in its header; bytes behind that are not checked. */
    final void riff(ChunkReader reader) throws IOException {
        requireWithin("the header", 0, RIFF_HEADER);
        long end = 8 + bytes.little(4, 4);
        requireWithin("the RIFF of " + end + " bytes", 0, end);
        for (long at = RIFF_HEADER; at + 8 <= end; ) {
            countPart(at);
            String name = bytes.name(at);
            long length = bytes.little(at + 4, 4);
            if (at + 8 + length > end) {
                throw truncated("chunk " + FileBytes.printable(name), at);
            }
            reader.read(name, at + 8);
            at += 8 + length + (length & 1);
        }
    }

    /** Reads one chunk, whose content starts at this position. */
    @FunctionalInterface
    interface ChunkReader {
        void read(String name, long at) throws IOException;
    }

    final TruncatedFileException truncated(String part, long at) {
        return new TruncatedFileException(part + " at byte " + at + " exceeds the file length " + bytes.length());
    }

    final TruncatedFileException malformed(String problem, long at) {
        return new TruncatedFileException(problem + " at byte " + at);
    }

    /**
     * Result for a file without a missing part.
     *
     * @param remarks missing parts, in ASCII without quotes; few and short
     * @param dimensions of the picture or film as its headers state them; null if they state none
     */
    public record Complete(List<String> remarks, @Nullable Dimensions dimensions) {}

    /** A part is missing; the message names it and its position, in ASCII. */
    public static final class TruncatedFileException extends IOException {

        TruncatedFileException(String reason) {
            super(reason);
        }
    }

    private static final class TooManyPartsException extends IOException {

        TooManyPartsException(long at) {
            super("more than " + MAX_PARTS + " parts, unchecked from byte " + at);
        }
    }

    /**
     * Size of a picture in pixels, each side at least 1. Comparisons ignore the orientation, since viewers rotate
     * pictures.
     */
    public record Dimensions(int width, int height) {

        /** Largest coding block of HEVC and AV1 in HEIF, to whole ones of which a picture is padded. */
        private static final int LARGEST_BLOCK = 64;

        public boolean isSameSize(Dimensions other, MediaType type) {
            int padding = type == MediaType.HEIC || type == MediaType.AVIF ? LARGEST_BLOCK : 1;
            return Math.abs(longSide() - other.longSide()) < padding
                    && Math.abs(shortSide() - other.shortSide()) < padding;
        }

        /** Whether both sides are more than {@code factor} times those of the other picture. */
        public boolean exceeds(Dimensions other, int factor) {
            return longSide() > (long) factor * other.longSide() && shortSide() > (long) factor * other.shortSide();
        }

        public int longSide() {
            return Math.max(width, height);
        }

        private int shortSide() {
            return Math.min(width, height);
        }

        private double area() {
            return (double) width * height;
        }

        @Override
        public String toString() {
            return width + "x" + height;
        }
    }
}
