package io.github.notearchive.media.format;

import io.github.notearchive.note.MediaType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Truncation check of one file, part by part, for one family of containers. Used once, by one thread.
 *
 * <p>A file that ends exactly between two of its top-level parts is reported as complete. In HEIF, MP4, QuickTime and
 * WAV without a length the missing part leaves a remark. Fragments of MP4 leave none.
 */
public abstract class FileCheck {

    /** Limit of the parts that are read: more than a film of a day has, read within two seconds. */
    static final int MAX_PARTS = 1_000_000;

    private static final int MAX_REMARKS = 8;

    final FileBytes bytes;
    final MediaType type;
    private final List<String> remarks = new ArrayList<>();
    private @Nullable Dimensions dimensions;
    private int parts;

    FileCheck(FileBytes bytes, MediaType type) {
        this.bytes = bytes;
        this.type = type;
    }

    /**
     * Checks a file whose first bytes are those of this type. Other audio and subtitles are not checked (decision 13).
     *
     * @throws TruncatedFileException if the file ends within a part, or a header is impossible
     */
    public static Complete check(MediaType type, FileBytes bytes) throws IOException {
        FileCheck check = switch (type) {
            case HEIC, AVIF, MP4, MOV, M4A -> new BoxCheck(bytes, type);
            case JPEG, PNG, GIF -> new PictureCheck(bytes, type);
            case WEBP, WAV -> new RiffCheck(bytes, type);
            case MP3, AAC, OGG, FLAC, SRT, VTT -> null;
        };
        if (check == null) {
            return new Complete(List.of(), null);
        }
        try {
            check.run();
        } catch (TooManyPartsException e) {
            check.remark(String.valueOf(e.getMessage()));
        }
        return new Complete(check.remarks, check.dimensions);
    }

    abstract void run() throws IOException;

    final void countPart(long at) throws IOException {
        if (++parts > MAX_PARTS) {
            throw new TooManyPartsException(at);
        }
    }

    final void remark(String remark) {
        if (remarks.size() < MAX_REMARKS && !remarks.contains(remark)) {
            remarks.add(remark);
        }
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

    final TruncatedFileException truncated(String part, long at) {
        return new TruncatedFileException(part + " at byte " + at + " exceeds the file length " + bytes.length());
    }

    final TruncatedFileException malformed(String problem, long at) {
        return new TruncatedFileException(problem + " at byte " + at);
    }

    /** Adds a remark about bytes behind the end of the last part, and about missing content. */
    final void remarkEnd(long end, boolean hasContent, String noContent) {
        if (!hasContent) {
            remark(noContent);
        }
        if (end < bytes.length()) {
            remark("bytes after the end: " + (bytes.length() - end));
        }
    }

    /**
     * Result for a file without a missing part.
     *
     * @param remarks unusual features, in ASCII without quotes; few and short
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
