package io.github.notearchive.media.format;

import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * ISO base media files (ISO/IEC 14496-12): MP4, M4A, QuickTime, and HEIF pictures (ISO/IEC 23008-12). Boxes follow each
 * other; the last one ends where the file ends. The content of boxes is read for dimensions and remarks only.
 */
final class BoxCheck extends FileCheck {

    private static final int HEADER = 8;
    private static final int LONG_HEADER = 16;

    /** Boxes whose children have the dimensions, in films and in pictures. */
    private static final List<String> FILM = List.of("moov", "trak");

    private static final List<String> PICTURE = List.of("meta", "iprp", "ipco");

    /** Limit of the properties that are read; the tiles of a picture share theirs. */
    private static final int MAX_PROPERTIES = 10_000;

    private final List<String> measures;
    private final List<Box> properties = new ArrayList<>();
    private @Nullable Box mainItem;
    private @Nullable Box associations;

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

    BoxCheck(FileBytes bytes, MediaType type) {
        super(bytes);
        measures = type.suits(MediaKind.IMAGE) ? PICTURE : FILM;
    }

    @Override
    void run() throws IOException {
        requireWithin("a box", 0, 1);
        Set<String> missing = new LinkedHashSet<>(List.of(measures.getFirst(), "mdat"));
        String last = "";
        for (long at = 0; at < bytes.length(); ) {
            countPart(at);
            long left = bytes.length() - at;
            if (at > 0 && left >= 4 && bytes.big(at, 4) == 0 && bytes.isZeroFrom(at)) {
                remark("zeros after the last box: " + left);
                break;
            }
            Box box = header(at, bytes.length());
            requireWithin("a box", at, at + box.header);
            String name = "box " + FileBytes.printable(box.name);
            if (box.size >= 0 && box.size < box.header) {
                throw malformed(name + " of impossible size " + box.size, at);
            }
            if (box.size < 0 || box.size > left) {
                throw truncated(name, at);
            }
            missing.remove(box.name);
            if (box.name.equals(measures.getFirst())) {
                collect(box, measures.subList(1, measures.size()));
            }
            last = box.name;
            at = box.end();
        }
        measure();
        missing.forEach(name -> remark("no " + name));
        if (last.equals("moof")) {
            remark("no mdat behind the last moof");
        }
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

    /**
     * Collects what has the dimensions from a box, as far as its content is well formed.
     *
     * @param path names of the boxes that contain the properties
     */
    private void collect(Box outer, List<String> path) throws IOException {
        for (long at = outer.from(); at < outer.end(); ) {
            long left = outer.end() - at;
            if (left >= 4 && left < HEADER && bytes.big(at, 4) == 0) {
                // QuickTime ends some lists with a zero
                return;
            }
            countPart(at);
            Box box = header(at, outer.end());
            if (left < box.header || box.size < box.header || box.size > left) {
                remark(FileBytes.printable(outer.name) + " is malformed");
                return;
            }
            switch (box.name) {
                case "pitm" -> mainItem = box;
                case "ipma" -> associations = box;
                default -> {}
            }
            if (!path.isEmpty() && box.name.equals(path.getFirst())) {
                collect(box, path.subList(1, path.size()));
            } else if (path.isEmpty() && properties.size() < MAX_PROPERTIES) {
                properties.add(box);
            }
            at = box.end();
        }
    }

    /** Measures all tracks of a film, or the main picture by the properties that are associated with it. */
    private void measure() throws IOException {
        if (mainItem == null || associations == null) {
            for (Box property : properties) {
                if (property.name.equals("tkhd")) {
                    // fixed-point 16.16, the last fields in every version
                    measured(bytes.big(property.end() - 8, 2), bytes.big(property.end() - 4, 2));
                }
            }
            return;
        }
        long main = bytes.big(mainItem.from() + 4, bytes.u8(mainItem.from()) == 0 ? 2 : 4);
        int itemLength = bytes.u8(associations.from()) == 0 ? 2 : 4;
        int indexLength = 1 + (bytes.u8(associations.from() + 3) & 1);
        long entries = bytes.big(associations.from() + 4, 4);
        long at = associations.from() + 8;
        for (long entry = 0; entry < entries && at < associations.end(); entry++) {
            countPart(at);
            boolean isMain = bytes.big(at, itemLength) == main;
            at += itemLength;
            for (int count = bytes.u8(at++); count > 0 && at < associations.end(); count--) {
                countPart(at);
                // the highest bit marks an essential property
                int index = (int) bytes.big(at, indexLength) & (indexLength == 1 ? 0x7f : 0x7fff);
                at += indexLength;
                if (isMain && index > 0 && index <= properties.size()) {
                    measure(properties.get(index - 1));
                }
            }
        }
    }

    private void measure(Box property) throws IOException {
        long at = property.from();
        if (property.name.equals("ispe")) {
            measured(bytes.big(at + 4, 4), bytes.big(at + 8, 4));
        } else if (property.name.equals("clap")) {
            long widthDivisor = bytes.big(at + 4, 4);
            long heightDivisor = bytes.big(at + 12, 4);
            if (widthDivisor > 0 && heightDivisor > 0) {
                cropped(bytes.big(at, 4) / widthDivisor, bytes.big(at + 8, 4) / heightDivisor);
            }
        }
    }
}
