package io.github.notearchive.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32;

/**
 * Small media file, of which {@link #fill} makes larger ones by noise in a part that players skip.
 *
 * <p>The pictures were made by {@code magick -size 96x128 gradient:teal-orange -depth 8 -strip}, the sounds by ffmpeg
 * from {@code sine=frequency=440:duration=0.5}, the video from {@code testsrc2=size=64x48:rate=10:duration=1}.
 */
enum SampleFile {
    JPEG("image/jpeg", "picture.jpg"),
    PNG("image/png", "picture.png"),
    WEBP("image/webp", "picture.webp"),
    HEIC("image/heic", "picture.heic"),
    MP4_720_1280("video/mp4", "video.mp4", 720, 1280),
    MP4_1080_1440("video/mp4", "video.mp4", 1080, 1440),
    MP4_1080_1920("video/mp4", "video.mp4", 1080, 1920),
    M4A("audio/mp4", "sound.m4a"),
    WAV("audio/wav", "sound.wav"),
    MP3("audio/mpeg", "sound.mp3"),
    SRT("application/octet-stream", "subtitle.srt"),
    VTT("text/vtt", "subtitle.vtt");

    /** Dimensions of the pictures. */
    static final int WIDTH = 96;

    static final int HEIGHT = 128;

    /** Bytes of noise in the smallest file, so that no two files are equal. */
    private static final int LEAST_NOISE = 64;

    /** JPEG limits a segment to 65,535 bytes. */
    private static final int LONGEST_COMMENT = 60_000;

    private static final int LONGEST_HEADER = 40;
    private static final int JPEG_FIRST_SEGMENT = 20;
    private static final int PNG_LAST_CHUNK = 12;

    private final String contentType;

    @SuppressWarnings("ImmutableEnumChecker") // never modified
    private final byte[] sample;

    SampleFile(String contentType, String resource) {
        this.contentType = contentType;
        try (InputStream in = SampleFile.class.getResourceAsStream("media/" + resource)) {
            sample = Objects.requireNonNull(in).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read the resource " + resource, e);
        }
    }

    /** Declares other dimensions in the track header, of which they are the last fields. */
    SampleFile(String contentType, String resource, int width, int height) {
        this(contentType, resource);
        ByteBuffer file = ByteBuffer.wrap(sample);
        int track = new String(sample, StandardCharsets.ISO_8859_1).indexOf("tkhd") - 4;
        int end = track + file.getInt(track);
        file.putInt(end - 8, width << 16).putInt(end - 4, height << 16);
    }

    String contentType() {
        return contentType;
    }

    byte[] sample() {
        return sample.clone();
    }

    /** Returns a file of about the requested size, which the noise distinguishes from all others. */
    byte[] fill(RandomGenerator random, int size) {
        byte[] noise = new byte[Math.max(LEAST_NOISE, size - sample.length) & ~1];
        random.nextBytes(noise);
        int at = switch (this) {
            case JPEG -> JPEG_FIRST_SEGMENT;
            case PNG -> sample.length - PNG_LAST_CHUNK;
            default -> sample.length;
        };
        ByteBuffer file = ByteBuffer.allocate(sample.length + noise.length + noise.length / 1000 + LONGEST_HEADER);
        file.put(sample, 0, at);
        write(noise, file);
        file.put(sample, at, sample.length - at);
        return Arrays.copyOf(file.array(), file.position());
    }

    private void write(byte[] noise, ByteBuffer file) {
        switch (this) {
            case JPEG -> {
                for (int from = 0; from < noise.length; from += LONGEST_COMMENT) {
                    int length = Math.min(noise.length - from, LONGEST_COMMENT);
                    file.putShort((short) 0xfffe).putShort((short) (length + 2)).put(noise, from, length);
                }
            }
            case PNG -> {
                byte[] name = ascii("fiLl");
                CRC32 checksum = new CRC32();
                checksum.update(name);
                checksum.update(noise);
                file.putInt(noise.length).put(name).put(noise).putInt((int) checksum.getValue());
            }
            case WEBP, WAV -> {
                file.order(ByteOrder.LITTLE_ENDIAN)
                        .put(ascii("FILL"))
                        .putInt(noise.length)
                        .put(noise);
                file.putInt(4, file.position() - 8);
            }
            case HEIC, M4A, MP4_720_1280, MP4_1080_1440, MP4_1080_1920 ->
                file.putInt(8 + noise.length).put(ascii("free")).put(noise);
            case MP3 -> file.put(noise);
            case SRT, VTT -> file.put(ascii(HexFormat.of().formatHex(noise, 0, noise.length / 2)));
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
