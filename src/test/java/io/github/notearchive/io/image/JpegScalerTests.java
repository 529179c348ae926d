package io.github.notearchive.io.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.github.notearchive.media.format.Samples;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import org.apache.commons.lang3.ArrayUtils;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Small pictures of all types are made of untrusted files within limits. */
class JpegScalerTests {

    @ParameterizedTest
    @CsvSource({
        "baseline.jpg, image/jpeg",
        "progressive.jpg, image/jpeg",
        "rgb.png, image/png",
        "palette.png, image/png",
        "still.gif, image/gif",
        "lossy.webp, image/webp",
        "lossless.webp, image/webp",
        "alpha.webp, image/webp",
        "animated.webp, image/webp"
    })
    void everyTypeIsScaledAndNeverEnlarged(String name, String type) throws IOException {
        assertThat(sizeOf(JpegScaler.scale(Samples.bytes(name), type, 320))).containsExactly(48, 32);
        assertThat(sizeOf(JpegScaler.scale(Samples.bytes(name), type, 12))).containsExactly(12, 8);
    }

    @Test
    void aTallPictureIsTwiceAsHighAsWideAtMost() throws IOException {
        byte[] tall = png(new BufferedImage(600, 6000, BufferedImage.TYPE_INT_RGB));

        assertThat(sizeOf(JpegScaler.scale(tall, "image/png", 320))).containsExactly(64, 640);
    }

    @Test
    void aTurnedPhotoIsUpright() throws IOException {
        BufferedImage photo = new BufferedImage(64, 32, BufferedImage.TYPE_INT_RGB);
        photo.createGraphics().fillRect(0, 0, 32, 32); // white on the left

        BufferedImage upright = read(JpegScaler.scale(turned(encoded(photo, "jpeg")), "image/jpeg", 320));

        assertThat(List.of(upright.getWidth(), upright.getHeight())).containsExactly(32, 64);
        assertThat(new Color(upright.getRGB(16, 8)).getRed()).isGreaterThan(200);
        assertThat(new Color(upright.getRGB(16, 56)).getRed()).isLessThan(50);
    }

    @Test
    void transparentPixelsBecomeWhite() throws IOException {
        byte[] transparent = png(new BufferedImage(40, 40, BufferedImage.TYPE_INT_ARGB));

        BufferedImage image = read(JpegScaler.scale(transparent, "image/png", 320));

        assertThat(new Color(image.getRGB(20, 20))).isEqualTo(Color.WHITE);
    }

    @Test
    void picturesOfTooManyPixelsAreRefusedBeforeTheyAreDecoded() {
        assertThatIOException()
                .isThrownBy(() -> JpegScaler.scale(hugePng(), "image/png", 320))
                .withMessage("60000 x 60000 pixels are too many");
        assertThatIOException()
                .isThrownBy(() -> JpegScaler.scale(hugeGif(), "image/gif", 320))
                .withMessage("65535 x 65535 pixels are too many");
        assertThatIOException()
                .isThrownBy(() -> JpegScaler.scale(hugeWebp(), "image/webp", 320))
                .withMessage("16384 x 16384 pixels are too many");
    }

    /** Its decoder keeps all coefficients of the picture outside of the heap. */
    @Test
    void aLargeJpegIsScaledOnlyIfItIsDecodedRowByRow() throws IOException {
        byte[] baseline = jpeg(3800, ImageWriteParam.MODE_DISABLED);
        byte[] progressive = jpeg(3800, ImageWriteParam.MODE_DEFAULT);

        assertThat(sizeOf(JpegScaler.scale(baseline, "image/jpeg", 320))).containsExactly(320, 320);
        assertThatIOException()
                .isThrownBy(() -> JpegScaler.scale(progressive, "image/jpeg", 320))
                .withMessage("3800 x 3800 pixels are too many");
        assertThat(sizeOf(JpegScaler.scale(jpeg(3600, ImageWriteParam.MODE_DEFAULT), "image/jpeg", 320)))
                .containsExactly(320, 320);
    }

    @Test
    void aJpegOfManyScansIsRefusedBeforeItIsDecoded() throws IOException {
        assertThat(sizeOf(JpegScaler.scale(scans(400, 90), "image/jpeg", 320))).containsExactly(320, 320);
        assertThatIOException()
                .isThrownBy(() -> JpegScaler.scale(scans(400, 2_000), "image/jpeg", 320))
                .withMessage("2006 scans are too many");
    }

    /** Decoding them takes seconds: a WebP has any size in its canvas, a JPEG may decode it a hundred times. */
    @Test
    void decodingEndsAtATimeLimit() throws IOException {
        for (Map.Entry<String, byte[]> picture : Map.of(
                        "image/jpeg",
                        scans(3600, 90),
                        "image/webp",
                        largeInASmallCanvas(),
                        "image/png",
                        png(new BufferedImage(7000, 7000, BufferedImage.TYPE_INT_ARGB)),
                        "image/gif",
                        encoded(new BufferedImage(7000, 7000, BufferedImage.TYPE_BYTE_BINARY), "gif"))
                .entrySet()) {
            assertThatIOException()
                    .as(picture.getKey())
                    .isThrownBy(
                            () -> JpegScaler.scale(picture.getValue(), picture.getKey(), 320, Duration.ofMillis(40)))
                    .matches(e ->
                            ExceptionUtils.getRootCauseMessage(e).endsWith("the picture is not decoded after 40 ms"));
        }
    }

    /** Inflated they have 5 GB, more than the heap. */
    @Test
    void compressedTextsOfAPngAreNotRead() throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try (var zip = new DeflaterOutputStream(text)) {
            zip.write(new byte[262_144]);
        }
        byte[] palette = Samples.bytes("palette.png");
        byte[] chunk =
                chunk("zTXt", ArrayUtils.addAll("k\0\0".getBytes(StandardCharsets.US_ASCII), text.toByteArray()));
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        png.write(palette, 0, 33);
        for (int i = 0; i < 20_000; i++) {
            png.write(chunk);
        }
        png.write(palette, 33, palette.length - 33);

        assertThat(sizeOf(JpegScaler.scale(png.toByteArray(), "image/png", 320)))
                .containsExactly(48, 32);
    }

    @Test
    void aLargePictureOfOneColourIsScaled() throws IOException {
        byte[] bomb = png(new BufferedImage(7000, 7000, BufferedImage.TYPE_BYTE_BINARY));

        assertThat(bomb).hasSizeLessThan(20_000);
        assertThat(sizeOf(JpegScaler.scale(bomb, "image/png", 320))).containsExactly(320, 320);
    }

    @ParameterizedTest
    @CsvSource({"rgb.png, image/png", "still.gif, image/gif", "lossy.webp, image/webp"})
    void truncatedFilesFailAsDamaged(String name, String type) {
        for (int length = 0; length < Samples.bytes(name).length / 2; length += 7) {
            byte[] truncated = Arrays.copyOf(Samples.bytes(name), length);

            assertThatIOException().isThrownBy(() -> JpegScaler.scale(truncated, type, 320));
        }
    }

    @Test
    void aTruncatedPhotoShowsWhatItHas() throws IOException {
        byte[] truncated = Samples.without("baseline.jpg", 20);

        assertThat(sizeOf(JpegScaler.scale(truncated, "image/jpeg", 320))).containsExactly(48, 32);
    }

    @Test
    void onlyTheDecoderOfTheTypeIsUsed() {
        assertThatIOException().isThrownBy(() -> JpegScaler.scale(Samples.bytes("rgb.png"), "image/jpeg", 320));
        assertThatIOException().isThrownBy(() -> JpegScaler.scale(Samples.bytes("rgb.png"), "image/tiff", 320));
        assertThatIOException().isThrownBy(() -> JpegScaler.scale(Samples.bytes("picture.heic"), "image/heic", 320));
    }

    private static BufferedImage read(byte[] jpeg) throws IOException {
        assertThat(jpeg).startsWith(0xFF, 0xD8);
        return ImageIO.read(new ByteArrayInputStream(jpeg));
    }

    private static List<Integer> sizeOf(byte[] jpeg) throws IOException {
        BufferedImage image = read(jpeg);
        return List.of(image.getWidth(), image.getHeight());
    }

    private static byte[] png(BufferedImage image) throws IOException {
        return encoded(image, "png");
    }

    private static byte[] encoded(BufferedImage image, String format) throws IOException {
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(image, format, bytes);
        return bytes.toByteArray();
    }

    private static byte[] jpeg(int width, int progressiveMode) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam param = writer.getDefaultWriteParam();
        param.setProgressiveMode(progressiveMode);
        var bytes = new ByteArrayOutputStream();
        try (var out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            BufferedImage image = new BufferedImage(width, width, BufferedImage.TYPE_BYTE_GRAY);
            writer.write(null, new IIOImage(image, null, null), param);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    /** Inserts an EXIF block with the orientation 6: to be turned to the right. */
    private static byte[] turned(byte[] jpeg) {
        byte[] exif = HexFormat.of()
                .parseHex(
                        "ffe10022457869660000" + "49492a0008000000" + "0100" + "120103000100000006000000" + "00000000");
        return ByteBuffer.allocate(jpeg.length + exif.length)
                .put(jpeg, 0, 2)
                .put(exif)
                .put(jpeg, 2, jpeg.length - 2)
                .array();
    }

    /** Returns a progressive JPEG whose first scan is repeated. */
    private static byte[] scans(int width, int more) throws IOException {
        byte[] jpeg = jpeg(width, ImageWriteParam.MODE_DEFAULT);
        String text = new String(jpeg, StandardCharsets.ISO_8859_1);
        int start = text.indexOf("\u00ff\u00da");
        int end = text.indexOf("\u00ff\u00c4", start); // tables of the next scan
        ByteArrayOutputStream repeated = new ByteArrayOutputStream();
        repeated.write(jpeg, 0, start);
        for (int i = 0; i < more; i++) {
            repeated.write(jpeg, start, end - start);
        }
        repeated.write(jpeg, start, jpeg.length - start);
        return repeated.toByteArray();
    }

    /** Returns a WebP of 48 x 32 pixels, whose frame has 16,383 x 16,383. */
    private static byte[] largeInASmallCanvas() {
        byte[] lossy = Samples.bytes("lossy.webp");
        byte[] frame = Arrays.copyOfRange(lossy, 20, 2_000_000);
        return ByteBuffer.allocate(38 + frame.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF".getBytes(StandardCharsets.US_ASCII))
                .putInt(30 + frame.length)
                .put(HexFormat.of().parseHex("5745425056503858" + "0a000000" + "00000000" + "2f0000" + "1f0000"))
                .put("VP8 ".getBytes(StandardCharsets.US_ASCII))
                .putInt(frame.length)
                .put(frame)
                .putInt(44, 0x3fff3fff)
                .array();
    }

    private static byte[] hugePng() {
        byte[] header = ByteBuffer.allocate(13)
                .putInt(60_000)
                .putInt(60_000)
                .put(new byte[] {8, 2, 0, 0, 0})
                .array();
        return ArrayUtils.addAll(HexFormat.of().parseHex("89504e470d0a1a0a"), chunk("IHDR", header));
    }

    private static byte[] chunk(String type, byte[] content) {
        ByteBuffer chunk = ByteBuffer.allocate(12 + content.length)
                .putInt(content.length)
                .put(type.getBytes(StandardCharsets.US_ASCII))
                .put(content);
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), 4, 4 + content.length);
        return chunk.putInt((int) crc.getValue()).array();
    }

    private static byte[] hugeGif() {
        return HexFormat.of()
                .parseHex("474946383961" + "ffffffff800000" + "000000ffffff" + "2c00000000ffffffff00" + "0202440100"
                        + "3b");
    }

    private static byte[] hugeWebp() {
        return HexFormat.of()
                .parseHex("52494646" + "16000000" + "57454250" + "5650384c" + "0a000000" + "2fffffff0f000000000000");
    }
}
