package io.github.notearchive.media.format;

import java.io.IOException;
import java.util.List;

/**
 * ISO base media files (ISO/IEC 14496-12): MP4, M4A, QuickTime, and HEIF pictures (ISO/IEC 23008-12). Boxes follow each
 * other; the last one ends where the file ends. The content of boxes is read for dimensions only.
 */
final class BoxCheck extends FileCheck {

    /** Path to the boxes with dimensions, in films and in pictures. */
    static final List<String> FILM = List.of("moov", "trak", "tkhd");

    static final List<String> PICTURE = List.of("meta", "iprp", "ipco", "ispe");

    private static final int HEADER = 8;
    private static final int LONG_HEADER = 16;
    private static final String DATA = "mdat";

    private final List<String> measures;

    /**
     * A part of the file.
     *
     * @param header length of its header
     * @param size length including its header; negative if it exceeds any possible file
     */
    private record Box(String name, long start, int header, long size) {

        /** Start of the children: {@code meta} has four bytes before them. */
        long from() {
            return start + header + (name.equals("meta") ? 4 : 0);
        }

        long end() {
            return start + size;
        }
    }

    BoxCheck(FileBytes bytes, List<String> measures) {
        super(bytes);
        this.measures = measures;
    }

    @Override
    void run() throws IOException {
        require(measures.getFirst());
        require(DATA);
        requireWithin("a box", 0, 1);
        for (long at = 0; at < bytes.length() && !isPadding(at); ) {
            countPart(at);
            Box box = header(at, bytes.length());
            requireWithin("a box", at, at + box.header);
            String name = "box " + FileBytes.printable(box.name);
            if (box.size >= 0 && box.size < box.header) {
                throw malformed(name + " of impossible size " + box.size, at);
            }
            if (box.size < 0 || box.size > bytes.length() - at) {
                throw truncated(name, at);
            }
            found(box.name);
            if (box.name.equals(measures.getFirst())) {
                measure(box, 1);
            } else if (box.name.equals("moof")) {
                require(DATA);
                // without this last box, a cut between two fragments is not detected
                require("mfra");
            }
            at = box.end();
        }
    }

    /** Returns whether zeros end the file that are too short for a header, as QuickTime ends some lists. */
    private boolean isPadding(long at) throws IOException {
        long rest = bytes.length() - at;
        return at > 0 && rest >= 4 && rest < HEADER && bytes.big(at, 4) == 0;
    }

    /** Reads a header, which may be incomplete or impossible. Size 0 extends the box to {@code end}. */
    private Box header(long at, long end) throws IOException {
        long size = bytes.big(at, 4);
        int header = size == 1 ? LONG_HEADER : HEADER;
        if (size == 1) {
            size = bytes.big(at + HEADER, 8);
        } else if (size == 0) {
            size = end - at;
        }
        return new Box(bytes.name(at + 4), at, header, size);
    }

    /** Measures all tracks of a film or all items of a picture, as far as the content of a box is well formed. */
    private void measure(Box outer, int level) throws IOException {
        for (long at = outer.from(); at < outer.end(); ) {
            countPart(at);
            Box box = header(at, outer.end());
            long left = outer.end() - at;
            if (left < box.header || box.size < box.header || box.size > left) {
                return;
            }
            if (box.name.equals(measures.get(level))) {
                switch (box.name) {
                    case "ispe" -> measured(bytes.big(box.from() + 4, 4), bytes.big(box.from() + 8, 4));
                    // fixed-point 16.16, the last fields in every version
                    case "tkhd" -> measured(bytes.big(box.end() - 8, 2), bytes.big(box.end() - 4, 2));
                    default -> measure(box, level + 1);
                }
            }
            at = box.end();
        }
    }
}
