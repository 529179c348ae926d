package io.github.notearchive.media;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * ISO base media (ISO/IEC 14496-12) and what is made of it: MP4, M4A, MOV, and the pictures of HEIF (ISO/IEC 23008-12).
 * Boxes one after the other, the last of which ends where the file does.
 *
 * <p>What lies within them is read for remarks only, and goes down by methods, not by recursion, so that no file
 * chooses the depth.
 */
final class BoxWalk extends Walk {

    private static final int HEADER = 8;
    private static final int LONG_HEADER = 16;
    private static final Set<String> LOOKED_FOR = Set.of("moov", "meta", "mdat");

    /** How many of a picture's properties are remembered; a picture of many tiles shares them. */
    private static final int MOST_PROPERTIES = 10_000;

    private final boolean picture;
    private final Set<String> seen = new HashSet<>();
    private final List<Box> properties = new ArrayList<>();
    private boolean ownData;
    private long mainItem = -1;

    /**
     * A part of the file.
     *
     * @param name as the file has it
     * @param from where its content begins
     * @param to where it ends; never behind that of the box around it
     */
    private record Box(String name, long from, long to) {}

    /** What is done with each of several boxes. */
    @FunctionalInterface
    private interface Visit {
        void to(Box box) throws IOException;
    }

    /** @param picture whether it is one of HEIF, else film or sound */
    BoxWalk(FileBytes bytes, boolean picture) {
        super(bytes);
        this.picture = picture;
    }

    @Override
    Structure walk() throws IOException {
        String last = "";
        long at = 0;
        while (at < bytes.length()) {
            if (!step()) {
                return givenUp(at);
            }
            long left = bytes.length() - at;
            long size = bytes.u32(at);
            if (at > 0 && left >= 4 && size == 0 && bytes.isZeroFrom(at)) {
                remark("zeros after the last box: " + left);
                break;
            }
            if (left < HEADER || (size == 1 && left < LONG_HEADER)) {
                return cut("a box", at);
            }
            String name = bytes.name(at + 4);
            int header = size == 1 ? LONG_HEADER : HEADER;
            if (size == 1) {
                size = bytes.u64(at + HEADER);
            } else if (size == 0) {
                size = left;
            }
            if (size >= 0 && size < header) {
                return malformed("box " + printable(name) + " of impossible size " + size, at);
            }
            if (size < 0 || size > left) {
                return cut("box " + printable(name), at);
            }
            look(new Box(name, at + header, at + size));
            last = name;
            at += size;
        }
        if (at == 0) {
            return cut("a box", 0);
        }
        remarkMissing(last);
        return whole();
    }

    private void remarkMissing(String last) {
        for (String name : List.of(picture ? "meta" : "moov", "mdat")) {
            boolean within = picture && name.equals("mdat") && ownData;
            if (!seen.contains(name) && !within) {
                remark("no " + name);
            }
        }
        if (last.equals("moof")) {
            remark("no mdat behind the last moof");
        }
    }

    private void look(Box box) throws IOException {
        if (LOOKED_FOR.contains(box.name)) {
            seen.add(box.name);
        }
        if (box.name.equals("moov")) {
            lookIntoMovie(box);
        } else if (box.name.equals("meta") && picture) {
            lookIntoMeta(box);
        }
    }

    private void lookIntoMovie(Box movie) throws IOException {
        int[] tracks = {0};
        within(movie, movie.from, box -> {
            if (box.name.equals("trak")) {
                tracks[0]++;
                within(box, box.from, child -> {
                    if (child.name.equals("tkhd")) {
                        // in 16.16; the last of it, whatever its version
                        measured(bytes.u16(child.to - 8), bytes.u16(child.to - 4));
                    }
                });
            }
        });
        if (tracks[0] == 0) {
            remark("no track in moov");
        }
    }

    private void lookIntoMeta(Box meta) throws IOException {
        Map<String, Box> parts = new HashMap<>();
        within(meta, meta.from + 4, box -> parts.putIfAbsent(box.name, box));
        ownData = parts.containsKey("idat");
        Box main = parts.get("pitm");
        if (main != null) {
            mainItem = bytes.u8(main.from) == 0 ? bytes.u16(main.from + 4) : bytes.u32(main.from + 4);
        }
        Box locations = parts.get("iloc");
        if (locations != null) {
            lookIntoLocations(locations);
        }
        Box all = parts.get("iprp");
        if (all != null) {
            lookIntoProperties(all);
        }
    }

    /** Whether all data of the picture lies within the file. */
    private void lookIntoLocations(Box box) throws IOException {
        int version = bytes.u8(box.from);
        int offsetSize = bytes.u8(box.from + 4) >> 4;
        int lengthSize = bytes.u8(box.from + 4) & 0xf;
        int baseSize = bytes.u8(box.from + 5) >> 4;
        int indexSize = version == 0 ? 0 : bytes.u8(box.from + 5) & 0xf;
        int wide = version < 2 ? 2 : 4;
        long items = number(box.from + 6, wide);
        long at = box.from + 6 + wide;
        for (long item = 0; item < items && at < box.to && step(); item++) {
            at += wide;
            // else within idat or another item
            boolean byFile = version == 0 || (bytes.u16(at) & 0xf) == 0;
            at += version == 0 ? 2 : 4;
            long base = number(at, baseSize);
            at += baseSize;
            int extents = bytes.u16(at);
            at += 2;
            for (int extent = 0; extent < extents && at < box.to && step(); extent++) {
                at += indexSize;
                long from = base + number(at, offsetSize);
                at += offsetSize;
                long length = number(at, lengthSize);
                at += lengthSize;
                if (byFile && (from < 0 || length < 0 || from > bytes.length() - length)) {
                    remark("picture data behind the end");
                }
            }
        }
    }

    private void lookIntoProperties(Box all) throws IOException {
        within(all, all.from, box -> {
            if (box.name.equals("ipco")) {
                within(box, box.from, property -> {
                    if (properties.size() < MOST_PROPERTIES) {
                        properties.add(property);
                    }
                });
            }
        });
        within(all, all.from, box -> {
            if (box.name.equals("ipma")) {
                lookIntoAssociations(box);
            }
        });
    }

    /** The size of the main picture, by the properties that are its own. */
    private void lookIntoAssociations(Box box) throws IOException {
        int version = bytes.u8(box.from);
        boolean wide = (bytes.u24(box.from + 1) & 1) != 0;
        long entries = bytes.u32(box.from + 4);
        long at = box.from + 8;
        for (long entry = 0; entry < entries && at < box.to && step(); entry++) {
            long item = version == 0 ? bytes.u16(at) : bytes.u32(at);
            at += version == 0 ? 2 : 4;
            int count = bytes.u8(at++);
            for (int i = 0; i < count && at < box.to && step(); i++) {
                int index = wide ? bytes.u16(at) & 0x7fff : bytes.u8(at) & 0x7f;
                at += wide ? 2 : 1;
                if (item == mainItem && index > 0 && index <= properties.size()) {
                    measure(properties.get(index - 1));
                }
            }
        }
    }

    private void measure(Box property) throws IOException {
        if (property.name.equals("ispe")) {
            measured(bytes.u32(property.from + 4), bytes.u32(property.from + 8));
        } else if (property.name.equals("clap")) {
            long width = bytes.u32(property.from);
            long widthParts = bytes.u32(property.from + 4);
            long height = bytes.u32(property.from + 8);
            long heightParts = bytes.u32(property.from + 12);
            if (widthParts > 0 && heightParts > 0) {
                clipped(width / widthParts, height / heightParts);
            }
        }
    }

    /** Visits the boxes within a box, as far as they are well formed. */
    private void within(Box outer, long from, Visit visit) throws IOException {
        long at = from;
        while (at < outer.to) {
            long left = outer.to - at;
            long size = bytes.u32(at);
            if (left >= 4 && size == 0 && left < HEADER) {
                // QuickTime ends some lists with a zero
                return;
            }
            int header = size == 1 ? LONG_HEADER : HEADER;
            if (size == 1) {
                size = bytes.u64(at + HEADER);
            } else if (size == 0) {
                size = left;
            }
            if (left < header || size < header || size > left || !step()) {
                remark(printable(outer.name) + " is malformed");
                return;
            }
            visit.to(new Box(bytes.name(at + 4), at + header, at + size));
            at += size;
        }
    }

    /** A number of 0, 2, 4 or 8 bytes, as the box itself says. */
    private long number(long at, int size) throws IOException {
        return switch (size) {
            case 2 -> bytes.u16(at);
            case 4 -> bytes.u32(at);
            case 8 -> bytes.u64(at);
            default -> 0;
        };
    }
}
