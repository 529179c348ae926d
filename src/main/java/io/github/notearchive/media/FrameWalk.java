package io.github.notearchive.media;

import java.io.IOException;

/**
 * Sound in frames one after the other: MPEG audio (ISO/IEC 11172-3, 13818-3), which is called MP3, and AAC in ADTS
 * (ISO/IEC 14496-3). Tags may stand before, between and behind the frames.
 *
 * <p>A file that ends between two frames is as good as any; only a count of frames in the first one (Xing) tells that
 * some are missing.
 */
final class FrameWalk extends Walk {

    private static final int SHORTEST_HEADER = 4;
    private static final int ADTS_HEADER = 7;
    private static final int ID3V1 = 128;

    /** By version (MPEG-1, or 2 and 2.5), layer (from 1) and the header's four bits; in kbit/s. */
    private static final int[][][] BIT_RATES = {
        {
            {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 0},
            {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0},
            {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0},
        },
        {
            {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0},
            {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},
            {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},
        },
    };

    private static final int[] SAMPLE_RATES = {44_100, 48_000, 32_000, 0};

    /** What all frames of a sound have alike: version, layer, sample rate. */
    private static final int ALIKE = 0xfffe_0c00;

    /** The same of ADTS: version, layer, profile, sample rate. */
    private static final int ALIKE_ADTS = 0xfff6_fc00;

    private int kind;
    private int alike;
    private long frames;
    private long promisedFrames = -1;

    FrameWalk(FileBytes bytes) {
        super(bytes);
    }

    @Override
    Structure walk() throws IOException {
        if (bytes.begins(0, "ADIF")) {
            remark("ADIF is not walked");
            return whole();
        }
        long at = 0;
        while (at < bytes.length()) {
            if (!step()) {
                return givenUp(at);
            }
            long tag = tag(at);
            if (tag > 0) {
                if (at + tag > bytes.length()) {
                    return cut("a tag", at);
                }
                at += tag;
                continue;
            }
            long frame = frame(at);
            if (frame == 0 && isFreeFormat(at)) {
                remark("free format is not walked");
                return whole();
            }
            if (frame == 0 && isHalfAHeader(at)) {
                return cut("a header", at);
            }
            if (frame > 0) {
                if (at + frame > bytes.length()) {
                    return cut("a frame", at);
                }
                count(at);
                at += frame;
                continue;
            }
            long next = nextFrame(at + 1);
            remark("bytes that are no frame: " + (next - at));
            at = next;
        }
        if (at == 0) {
            return cut("a frame", 0);
        }
        if (frames == 0) {
            remark("no frame");
        }
        // the frame that counts is not among those it counts; most writers agree
        if (promisedFrames >= 0 && promisedFrames != frames - 1 && promisedFrames != frames) {
            remark("counts " + promisedFrames + " frames, but has " + (frames - 1));
        }
        return whole();
    }

    /** How long the tag is that begins here, as far as there is one; 0 for none. */
    private long tag(long at) throws IOException {
        long left = bytes.length() - at;
        if (bytes.begins(at, "ID3") && (left < 10 || isId3(at))) {
            int content = bytes.u8(at + 6) << 21 | bytes.u8(at + 7) << 14 | bytes.u8(at + 8) << 7 | bytes.u8(at + 9);
            boolean footer = (bytes.u8(at + 5) & 0x10) != 0;
            return 10L + content + (footer ? 10 : 0);
        }
        if (bytes.begins(at, "TAG") && left <= ID3V1) {
            return ID3V1;
        }
        if (bytes.begins(at, "APETAGEX")) {
            boolean header = (bytes.u8(at + 23) & 0x20) != 0;
            return left < 32 || !header ? 32 : 32 + bytes.littleEndian32(at + 12);
        }
        return 0;
    }

    private boolean isId3(long at) throws IOException {
        return bytes.u8(at + 3) < 0xff
                && bytes.u8(at + 4) < 0xff
                && ((bytes.u8(at + 6) | bytes.u8(at + 7) | bytes.u8(at + 8) | bytes.u8(at + 9)) & 0x80) == 0;
    }

    /** Whether the file ends within what may be the header of a frame. */
    private boolean isHalfAHeader(long at) throws IOException {
        long left = bytes.length() - at;
        int header = (int) bytes.u32(at);
        boolean adts = kind == 0 ? isAdts(header) : kind == ALIKE_ADTS;
        if (left >= (adts ? ADTS_HEADER : SHORTEST_HEADER)) {
            return false;
        }
        int there = left >= SHORTEST_HEADER ? -1 : -1 << (int) (32 - 8 * left);
        int same = kind == 0 ? 0xffe0_0000 : kind;
        int expected = kind == 0 ? 0xffe0_0000 : alike;
        return (header & same & there) == (expected & there);
    }

    private boolean isFreeFormat(long at) throws IOException {
        int header = (int) bytes.u32(at);
        return kind == 0 && bytes.length() - at >= SHORTEST_HEADER && isMpeg(header) && (header >>> 12 & 0xf) == 0;
    }

    /** How long the frame is that begins here; 0 when none does. */
    private long frame(long at) throws IOException {
        int header = (int) bytes.u32(at);
        if (bytes.length() - at < SHORTEST_HEADER || (kind != 0 && !isAlike(header))) {
            return 0;
        }
        if (isAdts(header)) {
            int length = (bytes.u24(at + 3) & 0x3_ffe0) >> 5;
            return bytes.length() - at < ADTS_HEADER || length < ADTS_HEADER ? 0 : length;
        }
        if (!isMpeg(header)) {
            return 0;
        }
        int version = header >>> 19 & 3;
        int layer = 4 - (header >>> 17 & 3);
        int bitRate = BIT_RATES[version == 3 ? 0 : 1][layer - 1][header >>> 12 & 0xf] * 1000;
        int sampleRate = SAMPLE_RATES[header >>> 10 & 3] / (version == 3 ? 1 : version == 2 ? 2 : 4);
        int padding = header >>> 9 & 1;
        if (bitRate == 0 || sampleRate == 0) {
            return 0;
        }
        if (layer == 1) {
            return (12L * bitRate / sampleRate + padding) * 4;
        }
        int slots = layer == 3 && version != 3 ? 72 : 144;
        return (long) slots * bitRate / sampleRate + padding;
    }

    private static boolean isAdts(int header) {
        return (header >>> 16 & 0xfff6) == 0xfff0;
    }

    private static boolean isMpeg(int header) {
        return header >>> 21 == 0x7ff
                && (header >>> 19 & 3) != 1
                && (header >>> 17 & 3) != 0
                && (header >>> 12 & 0xf) != 0xf
                && (header >>> 10 & 3) != 3;
    }

    private boolean isAlike(int header) {
        return (header & kind) == alike;
    }

    private void count(long at) throws IOException {
        int header = (int) bytes.u32(at);
        if (kind == 0) {
            kind = (header >>> 17 & 3) == 0 ? ALIKE_ADTS : ALIKE;
            alike = header & kind;
            promisedFrames = kind == ALIKE ? promised(at, header) : -1;
        }
        frames++;
    }

    /** How many frames the first one announces; -1 when it does not. */
    private long promised(long at, int header) throws IOException {
        boolean first = (header >>> 19 & 3) == 3;
        boolean mono = (header >>> 6 & 3) == 3;
        long tag = at + 4 + (first ? mono ? 17 : 32 : mono ? 9 : 17);
        String name = bytes.name(tag);
        boolean counts = (name.equals("Xing") || name.equals("Info")) && (bytes.u32(tag + 4) & 1) != 0;
        return counts ? bytes.u32(tag + 8) : -1;
    }

    /** Where the next frame begins that another one follows, or the end; the length if none does. */
    private long nextFrame(long from) throws IOException {
        for (long at = from; at < bytes.length() && step(); at++) {
            if (tag(at) > 0) {
                return at;
            }
            if (bytes.u8(at) != 0xff) {
                continue;
            }
            long frame = frame(at);
            long next = at + frame;
            if (frame > 0 && (next == bytes.length() || frame(next) > 0 || tag(next) > 0)) {
                return at;
            }
        }
        return bytes.length();
    }
}
