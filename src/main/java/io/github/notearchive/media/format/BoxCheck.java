package io.github.notearchive.media.format;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * ISO base media files (ISO/IEC 14496-12): MP4, M4A, QuickTime, and HEIF pictures (ISO/IEC 23008-12). Boxes follow each
 * other; the last one ends where the file ends.
 *
 * <p>The content of boxes is read for dimensions and remarks only, by methods without recursion, so that no file
 * chooses the depth.
 */
final class BoxCheck extends ContainerCheck {

    private static final int HEADER = 8;
    private static final int LONG_HEADER = 16;
    private static final Set<String> REQUIRED = Set.of("moov", "meta", "mdat");

    /** Limit of the properties that are read; the tiles of a picture share theirs. */
    private static final int MAX_PROPERTIES = 10_000;

    private final boolean picture;
    private final Set<String> found = new HashSet<>();
    private final List<Box> properties = new ArrayList<>();
    private long mainItem = -1;

    /**
     * A part of the file.
     *
     * @param header length of its header
     * @param size length including its header; negative if it exceeds any possible file
     */
    private record Box(String name, long start, int header, long size) {

        long from() {
            return start + header;
        }

        long end() {
            return start + size;
        }
    }

    @FunctionalInterface
    private interface Visitor {
        void visit(Box box) throws IOException;
    }

    /** @param picture whether it is HEIF, else film or audio */
    BoxCheck(FileBytes bytes, boolean picture) {
        super(bytes);
        this.picture = picture;
    }

    @Override
    FileCheck run() throws IOException {
        String last = "";
        long at = 0;
        while (at < bytes.length()) {
            if (!countPart()) {
                return tooManyParts(at);
            }
            long left = bytes.length() - at;
            if (at > 0 && left >= 4 && bytes.u32(at) == 0 && bytes.isZeroFrom(at)) {
                remark("zeros after the last box: " + left);
                break;
            }
            Box box = header(at, bytes.length());
            if (left < box.header) {
                return truncated("a box", at);
            }
            if (box.size >= 0 && box.size < box.header) {
                return malformed("box " + printable(box.name) + " of impossible size " + box.size, at);
            }
            if (box.size < 0 || box.size > left) {
                return truncated("box " + printable(box.name), at);
            }
            readTopLevel(box);
            last = box.name;
            at = box.end();
        }
        if (at == 0) {
            return truncated("a box", 0);
        }
        for (String name : List.of(picture ? "meta" : "moov", "mdat")) {
            if (!found.contains(name)) {
                remark("no " + name);
            }
        }
        if (last.equals("moof")) {
            remark("no mdat behind the last moof");
        }
        return complete();
    }

    /** Reads a header, which may be incomplete or impossible. Size 0 extends the box to {@code end}. */
    private Box header(long at, long end) throws IOException {
        long size = bytes.u32(at);
        int header = size == 1 ? LONG_HEADER : HEADER;
        if (size == 1) {
            size = bytes.u64(at + HEADER);
        } else if (size == 0) {
            size = end - at;
        }
        return new Box(bytes.name(at + 4), at, header, size);
    }

    private void readTopLevel(Box box) throws IOException {
        if (REQUIRED.contains(box.name)) {
            found.add(box.name);
        }
        if (box.name.equals("moov")) {
            readMovie(box);
        } else if (box.name.equals("meta") && picture) {
            readMeta(box);
        }
    }

    private void readMovie(Box movie) throws IOException {
        within(movie, movie.from(), track -> {
            if (track.name.equals("trak")) {
                within(track, track.from(), box -> {
                    if (box.name.equals("tkhd")) {
                        // fixed-point 16.16, the last fields in every version
                        measured(bytes.u16(box.end() - 8), bytes.u16(box.end() - 4));
                    }
                });
            }
        });
    }

    private void readMeta(Box meta) throws IOException {
        Map<String, Box> parts = new HashMap<>();
        within(meta, meta.from() + 4, box -> parts.putIfAbsent(box.name, box));
        Box main = parts.get("pitm");
        if (main != null) {
            mainItem = bytes.u8(main.from()) == 0 ? bytes.u16(main.from() + 4) : bytes.u32(main.from() + 4);
        }
        Box all = parts.get("iprp");
        if (all != null) {
            readProperties(all);
        }
    }

    private void readProperties(Box all) throws IOException {
        within(all, all.from(), box -> {
            if (box.name.equals("ipco")) {
                within(box, box.from(), property -> {
                    if (properties.size() < MAX_PROPERTIES) {
                        properties.add(property);
                    }
                });
            }
        });
        within(all, all.from(), box -> {
            if (box.name.equals("ipma")) {
                readAssociations(box);
            }
        });
    }

    /** Measures the main picture by the properties that are associated with it. */
    private void readAssociations(Box box) throws IOException {
        int version = bytes.u8(box.from());
        boolean wide = (bytes.u24(box.from() + 1) & 1) != 0;
        long entries = bytes.u32(box.from() + 4);
        long at = box.from() + 8;
        for (long entry = 0; entry < entries && at < box.end() && countPart(); entry++) {
            long item = version == 0 ? bytes.u16(at) : bytes.u32(at);
            at += version == 0 ? 2 : 4;
            int count = bytes.u8(at++);
            for (int i = 0; i < count && at < box.end() && countPart(); i++) {
                int index = wide ? bytes.u16(at) & 0x7fff : bytes.u8(at) & 0x7f;
                at += wide ? 2 : 1;
                if (item == mainItem && index > 0 && index <= properties.size()) {
                    measure(properties.get(index - 1));
                }
            }
        }
    }

    private void measure(Box property) throws IOException {
        long at = property.from();
        if (property.name.equals("ispe")) {
            measured(bytes.u32(at + 4), bytes.u32(at + 8));
        } else if (property.name.equals("clap")) {
            long widthDivisor = bytes.u32(at + 4);
            long heightDivisor = bytes.u32(at + 12);
            if (widthDivisor > 0 && heightDivisor > 0) {
                cropped(bytes.u32(at) / widthDivisor, bytes.u32(at + 8) / heightDivisor);
            }
        }
    }

    /** Visits the boxes within a box, as far as they are well formed. */
    private void within(Box outer, long from, Visitor visitor) throws IOException {
        long at = from;
        while (at < outer.end()) {
            long left = outer.end() - at;
            if (left >= 4 && left < HEADER && bytes.u32(at) == 0) {
                // QuickTime ends some lists with a zero
                return;
            }
            Box box = header(at, outer.end());
            if (left < box.header || box.size < box.header || box.size > left || !countPart()) {
                remark(printable(outer.name) + " is malformed");
                return;
            }
            visitor.visit(box);
            at = box.end();
        }
    }
}
