package io.github.notearchive.io;

import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import net.coobird.thumbnailator.Thumbnails;
import net.coobird.thumbnailator.util.exif.ExifFilterUtils;
import net.coobird.thumbnailator.util.exif.ExifUtils;
import net.coobird.thumbnailator.util.exif.Orientation;

/**
 * Writes small JPEG files of untrusted pictures: JPEG, PNG, and the first frames of GIF and WebP.
 *
 * <p>Size and number of pixels are verified before pixels are decoded, and pixels are left out while they are read, so
 * that a picture takes about 100 MB of heap at most.
 */
public final class JpegScaler {

    public static final int MAX_BYTES = 40_000_000;

    /** Pixels of a picture by content type; that of WebP is slow, and keeps all of them in memory. */
    private static final Map<String, Long> MAX_PIXELS = Map.of(
            "image/jpeg", 50_000_000L, "image/png", 50_000_000L, "image/gif", 50_000_000L, "image/webp", 13_000_000L);

    /** Pixels that are kept while reading. */
    private static final double READ_PIXELS = 8_000_000;

    private static final short START_OF_JPEG = (short) 0xFFD8;
    private static final short START_OF_PIXELS = (short) 0xFFDA;
    private static final short EXIF = (short) 0xFFE1;

    private static final float QUALITY = 0.8f;

    private JpegScaler() {}

    public static boolean accepts(String contentType) {
        return MAX_PIXELS.containsKey(contentType);
    }

    /**
     * Returns a JPEG of a picture, upright and on white, which is not larger than the picture.
     *
     * @param contentType type by the first bytes; no decoder of another type is used
     * @param width longest width in pixels; the height is twice as much at most
     * @throws IOException if the picture is damaged, too large, or of another type
     */
    public static byte[] scale(byte[] picture, String contentType, int width) throws IOException {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByMIMEType(contentType);
        if (picture.length > MAX_BYTES || !accepts(contentType) || !readers.hasNext()) {
            throw new IOException(
                    "a picture of %d bytes of type %s is not scaled".formatted(picture.length, contentType));
        }
        ImageReader reader = readers.next();
        try (ImageInputStream in = new ByteArrayImageInputStream(picture)) {
            reader.setInput(in, true, true);
            int fullWidth = reader.getWidth(0);
            int fullHeight = reader.getHeight(0);
            double pixels = (double) fullWidth * fullHeight;
            if (pixels > MAX_PIXELS.getOrDefault(contentType, 0L)) {
                throw new IOException("%d x %d pixels are too many".formatted(fullWidth, fullHeight));
            }
            ImageReadParam param = reader.getDefaultReadParam();
            int step = Math.max((int) (Math.min(fullWidth, fullHeight) / (1.5 * width)), (int)
                    Math.ceil(Math.sqrt(pixels / READ_PIXELS)));
            param.setSourceSubsampling(Math.max(1, step), Math.max(1, step), 0, 0);
            BufferedImage image = ExifFilterUtils.getFilterForOrientation(orientation(picture))
                    .apply(reader.read(0, param));
            return jpeg(resized(image, width));
        } catch (RuntimeException e) {
            // a damaged file causes any exception of a decoder
            throw new IOException("the picture is damaged", e);
        } finally {
            reader.dispose();
        }
    }

    /** Returns the orientation in the EXIF block of a JPEG; upright for other files, and if there is none. */
    private static Orientation orientation(byte[] picture) {
        ByteBuffer segments = ByteBuffer.wrap(picture);
        if (segments.getShort() != START_OF_JPEG) {
            return Orientation.TOP_LEFT;
        }
        while (segments.remaining() > Integer.BYTES) {
            short marker = segments.getShort();
            int length = Short.toUnsignedInt(segments.getShort()) - Short.BYTES;
            if (length < 0 || length > segments.remaining() || marker == START_OF_PIXELS) {
                break;
            }
            byte[] content = new byte[length];
            segments.get(content);
            Orientation orientation = marker == EXIF ? ExifUtils.getOrientationFromExif(content) : null;
            if (orientation != null) {
                return orientation;
            }
        }
        return Orientation.TOP_LEFT;
    }

    private static BufferedImage resized(BufferedImage image, int width) throws IOException {
        double factor = Math.min(1, Math.min((double) width / image.getWidth(), 2.0 * width / image.getHeight()));
        BufferedImage small = Thumbnails.of(image)
                .size((int) Math.max(1, Math.round(image.getWidth() * factor)), (int)
                        Math.max(1, Math.round(image.getHeight() * factor)))
                .keepAspectRatio(false)
                .asBufferedImage();
        BufferedImage opaque = new BufferedImage(small.getWidth(), small.getHeight(), BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = opaque.createGraphics();
        graphics.drawImage(small, 0, 0, Color.WHITE, null);
        graphics.dispose();
        return opaque;
    }

    private static byte[] jpeg(BufferedImage image) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam param = writer.getDefaultWriteParam();
        param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        param.setCompressionQuality(QUALITY);
        var bytes = new ByteArrayOutputStream();
        try (var out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), param);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }
}
