package io.github.notearchive.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.github.notearchive.sandbox.SampleParts;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The bytes of all files of one type and length. They differ by a number near their start, so that no two files are
 * equal while the memory holds the other bytes once.
 */
final class Served {

    /** Number of digits. */
    static final int DIGITS = 16;

    private static final int FILL = 8 << 20;
    private static final String NUMBER = "0".repeat(DIGITS);
    private static final byte[] NO_NUMBER = NUMBER.getBytes();
    private static final int PART = 64 * 1024;
    private static final byte[] NOISE = new byte[FILL];

    static {
        new SplittableRandom(7).nextBytes(NOISE);
    }

    private final byte[] head;
    private final int numberAt;
    private final byte[] body;
    final long length;
    final int width;
    final int height;
    final String contentType;

    private Served(byte[] head, byte[] body, long length, int width, int height, String contentType) {
        this.head = head;
        this.numberAt = new String(head, ISO_8859_1).indexOf(NUMBER);
        this.body = body;
        this.length = length;
        this.width = width;
        this.height = height;
        this.contentType = contentType;
    }

    /** Returns the start of the file, which contains the number. */
    private byte[] head(long number) {
        byte[] numbered = head.clone();
        byte[] digits = HexFormat.of().toHexDigits(number).getBytes();
        System.arraycopy(digits, 0, numbered, numberAt, DIGITS);
        return numbered;
    }

    /** Writes a part of the file. The bytes after its start repeat until its length is reached. */
    void write(OutputStream out, long number, long from, long until) throws IOException {
        long at = Math.max(from, head.length);
        if (from < head.length) {
            out.write(head(number), (int) from, (int) (Math.min(until, head.length) - from));
        }
        while (at < until) {
            int offset = (int) ((at - head.length) % body.length);
            int size = (int) Math.min(Math.min(body.length - offset, PART), until - at);
            out.write(body, offset, size);
            at += size;
        }
    }

    /** Returns the digest of the whole file. */
    String digest(String algorithm, long number) {
        try {
            MessageDigest digest = DigestUtils.getDigest(algorithm);
            write(new DigestOutputStream(OutputStream.nullOutputStream(), digest), number, 0, length);
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Returns a valid JPEG. Nearly all of its bytes are encoded noise, so that a check of its structure reads as much
     * as in a photograph.
     */
    static Served jpeg(int size) {
        double bytesPerPixel = encoded(512).length / (512.0 * 512.0);
        int side = (int) Math.sqrt(size * 0.985 / bytesPerPixel);
        byte[] picture = encoded(side);
        // the number is a comment after the first marker; further comments fill up to the size
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(picture, 0, 2);
        comment(file, NO_NUMBER);
        int missing = size - picture.length - DIGITS - 4;
        while (missing >= 4) {
            int part = Math.min(missing, 65_000);
            comment(file, new byte[part - 4]);
            missing -= part;
        }
        file.write(picture, 2, picture.length - 2);
        byte[] whole = file.toByteArray();
        return new Served(
                Arrays.copyOf(whole, 32),
                Arrays.copyOfRange(whole, 32, whole.length),
                whole.length,
                side,
                side,
                "image/jpeg");
    }

    static Served mp4(long size) {
        return film(SampleParts.mp4Head(size), size, 720, 1280, "video/mp4");
    }

    static Served m4a(long size) {
        return film(SampleParts.m4aHead(size), size, 0, 0, "audio/mp4");
    }

    private static Served film(byte[] boxes, long size, int width, int height, String type) {
        byte[] head = Arrays.copyOf(boxes, boxes.length + DIGITS);
        System.arraycopy(NO_NUMBER, 0, head, boxes.length, DIGITS);
        return new Served(head, NOISE, size, width, height, type);
    }

    private static void comment(ByteArrayOutputStream file, byte[] text) {
        file.write(0xff);
        file.write(0xfe);
        file.write(text.length + 2 >>> 8);
        file.write(text.length + 2);
        file.writeBytes(text);
    }

    private static byte[] encoded(int side) {
        SplittableRandom random = new SplittableRandom(side);
        BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                image.setRGB(x, y, random.nextInt(1 << 24));
            }
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (var out = new MemoryCacheImageOutputStream(file)) {
            ImageWriteParam how = writer.getDefaultWriteParam();
            how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            how.setCompressionQuality(0.5f);
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), how);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writer.dispose();
        }
        return file.toByteArray();
    }
}
