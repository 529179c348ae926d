package io.github.notearchive.media.format;

import io.github.notearchive.note.MediaType;
import java.io.IOException;

/**
 * Sound whose parts state their own lengths up to the end of the file.
 *
 * <p>MP3 (ISO/IEC 11172-3, 13818-3) and AAC in ADTS (ISO/IEC 14496-3): frames behind optional ID3v2 tags, up to the
 * first part that is neither; a file that ends between two frames is complete. Ogg (RFC 3533): pages, the last of which
 * should have the end-of-stream flag.
 */
final class AudioCheck extends FileCheck {

    private static final int MPEG_HEADER = 4;
    private static final int ADTS_HEADER = 7;
    private static final long ID3_HEADER = 10;
    private static final int OGG_HEADER = 27;
    private static final int OGG_END = 0x04;

    /** By four bits of the header, in kbit/s, of layer 3: MPEG-1, then MPEG-2 and 2.5. */
    private static final int[][] BIT_RATES = {
        {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0},
        {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},
    };

    private static final int[] SAMPLE_RATES = {44_100, 48_000, 32_000, 0};

    /** Bits that are equal in all MPEG frames of a file: sync, version, layer, sample rate. */
    private static final int MPEG_MASK = 0xfffe_0c00;

    /** Bits that are equal in all ADTS frames of a file: sync, version, layer, profile, sample rate. */
    private static final int ADTS_MASK = 0xfff6_fc00;

    private final boolean isOgg;

    /** Mask and masked header of the first frame; 0 before it. */
    private int mask;

    private int common;

    AudioCheck(FileBytes bytes, MediaType type) {
        super(bytes);
        isOgg = type == MediaType.OGG;
    }

    @Override
    void run() throws IOException {
        requireWithin(isOgg ? "a page" : "a frame or tag", 0, 1);
        if (isOgg) {
            pages();
        } else {
            frames();
        }
    }

    private void pages() throws IOException {
        boolean ended = false;
        for (long at = 0; at < bytes.length(); ) {
            countPart(at);
            if (!bytes.startsWith(at, "OggS")) {
                if (!ended) {
                    throw malformed("no Ogg page", at);
                }
                remarkEnd(at, true, "");
                return;
            }
            int segments = bytes.u8(at + OGG_HEADER - 1);
            long end = at + OGG_HEADER + segments;
            for (int i = 0; i < segments; i++) {
                end += bytes.u8(at + OGG_HEADER + i);
            }
            requireWithin("a page", at, end);
            ended = (bytes.u8(at + 5) & OGG_END) != 0;
            at = end;
        }
        if (!ended) {
            remark("the last page does not end the stream");
        }
    }

    private void frames() throws IOException {
        for (long at = 0; at < bytes.length(); ) {
            countPart(at);
            long part = bytes.startsWith(at, "ID3") ? tag(at) : frame(at);
            requireWithin("a frame or tag", at, at + part);
            if (part == 0) {
                if (!bytes.startsWith(at, "TAG") && !bytes.startsWith(at, "APETAGEX")) {
                    remark("unchecked from byte " + at);
                }
                return;
            }
            at += part;
        }
    }

    private long tag(long at) throws IOException {
        int content = bytes.u8(at + 6) << 21 | bytes.u8(at + 7) << 14 | bytes.u8(at + 8) << 7 | bytes.u8(at + 9);
        boolean footer = (bytes.u8(at + 5) & 0x10) != 0;
        return ID3_HEADER + content + (footer ? ID3_HEADER : 0);
    }

    /** Length of the frame that starts here, or of its header if the file ends within that; 0 if none starts. */
    private long frame(long at) throws IOException {
        long left = bytes.length() - at;
        int header = (int) bytes.big(at, 4);
        if (left < MPEG_HEADER) {
            return bytes.u8(at) == 0xff ? MPEG_HEADER : 0;
        }
        boolean adts = (header >>> 16 & 0xfff6) == 0xfff0;
        if ((header & mask) != common || !(adts || isMpeg(header))) {
            return 0;
        }
        if (mask == 0) {
            mask = adts ? ADTS_MASK : MPEG_MASK;
            common = header & mask;
        }
        if (adts) {
            long length = bytes.big(at + 3, 3) >> 5 & 0x1fff;
            return left < ADTS_HEADER ? ADTS_HEADER : length < ADTS_HEADER ? 0 : length;
        }
        return mpegFrame(header);
    }

    /** Length of a frame of layer 3; 0 for the other layers and for a free bit rate. */
    private static long mpegFrame(int header) {
        int version = header >>> 19 & 3;
        int bitRate = BIT_RATES[version == 3 ? 0 : 1][header >>> 12 & 0xf] * 1000;
        int sampleRate = SAMPLE_RATES[header >>> 10 & 3] / (version == 3 ? 1 : version == 2 ? 2 : 4);
        boolean isLayer3 = (header >>> 17 & 3) == 1;
        return isLayer3 && bitRate > 0 ? (version == 3 ? 144L : 72L) * bitRate / sampleRate + (header >>> 9 & 1) : 0;
    }

    /** Whether a frame of MP3 may start with these four bytes. */
    static boolean isMpeg(int header) {
        return header >>> 21 == 0x7ff
                && (header >>> 19 & 3) != 1
                && (header >>> 17 & 3) != 0
                && (header >>> 12 & 0xf) != 0xf
                && (header >>> 10 & 3) != 3;
    }
}
