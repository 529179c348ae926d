package io.github.notearchive.io.image;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageInputStreamImpl;
import net.coobird.thumbnailator.Thumbnails;
import net.coobird.thumbnailator.util.exif.ExifFilterUtils;
import net.coobird.thumbnailator.util.exif.ExifUtils;
import net.coobird.thumbnailator.util.exif.Orientation;

/**
 * Writes small JPEG files of untrusted pictures: JPEG, PNG, and the first frames of GIF and WebP.
 *
 * <p>Size and number of pixels are verified before pixels are decoded, and pixels are left out while they are read, so
 * that a picture takes about 100 MB at most. Decoding ends after 10 s, as a small file may describe any amount of work.
 */
public final class JpegScaler {

    public static final int MAX_BYTES = 40_000_000;

    private static final Set<String> TYPES = Set.of("image/jpeg", "image/png", "image/gif", "image/webp");

    private static final double MAX_PIXELS = 50_000_000;

    /** Pixels of a picture whose decoder keeps all of them: WebP, which is slow too, and a JPEG in several scans. */
    private static final double MAX_KEPT_PIXELS = 13_000_000;

    /** Pixels that are kept while reading. */
    private static final double READ_PIXELS = 8_000_000;

    /** Scans of a JPEG, each of which decodes the whole picture; encoders write about ten. */
    private static final int MAX_SCANS = 100;

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private static final int BASELINE_FRAME = 0xFFC0;
    private static final int RESTART = 0xFFD0;
    private static final int START_OF_JPEG = 0xFFD8;
    private static final int END = 0xFFD9;
    private static final int SCAN = 0xFFDA;
    private static final int EXIF = 0xFFE1;
    private static final int FILLED = 0xFFFF;

    /**
     * Bytes of a picture until a time. Readers of images read while they decode; their {@code abort()} would not do:
     * that of JPEG is refused while the reader is in use.
     */
    private static final class LimitedStream extends ImageInputStreamImpl {

        private final byte[] picture;
        private final Duration limit;
        private final long start = System.nanoTime();

        LimitedStream(byte[] picture, Duration limit) {
            this.picture = picture;
            this.limit = limit;
        }

        @Override
        public long length() {
            return picture.length;
        }

        @Override
        public int read() throws IOException {
            check();
            bitOffset = 0;
            return streamPos < picture.length ? Byte.toUnsignedInt(picture[(int) streamPos++]) : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            check();
            bitOffset = 0;
            int count = (int) Math.min(length, picture.length - streamPos);
            if (count <= 0) {
                return length == 0 ? 0 : -1;
            }
            System.arraycopy(picture, (int) streamPos, target, offset, count);
            streamPos += count;
            return count;
        }

        private void check() throws IOException {
            if (System.nanoTime() - start > limit.toNanos()) {
                throw new IOException("the picture is not decoded after %d ms".formatted(limit.toMillis()));
            }
        }
    }

    static {
        ImageIO.setUseCache(false); // no temporary files
    }

    private JpegScaler() {}

    public static boolean accepts(String contentType) {
        return TYPES.contains(contentType);
    }

    /**
     * Returns a JPEG of a picture, upright and on white, which is not larger than the picture.
     *
     * @param contentType type by the first bytes; no decoder of another type is used
     * @param width longest width in pixels; the height is twice as much at most
     * @throws IOException if the picture is damaged, too large, of another type, or takes too long
     */
    public static byte[] scale(byte[] picture, String contentType, int width) throws IOException {
        return scale(picture, contentType, width, LIMIT);
    }

    /** As above, with another time limit. */
    static byte[] scale(byte[] picture, String contentType, int width, Duration limit) throws IOException {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByMIMEType(contentType);
        if (picture.length > MAX_BYTES || !accepts(contentType) || !readers.hasNext()) {
            throw new IOException(
                    "a picture of %d bytes of type %s is not scaled".formatted(picture.length, contentType));
        }
        if (contentType.equals("image/jpeg") && scans(picture) > MAX_SCANS) {
            throw new IOException("%d scans are too many".formatted(scans(picture)));
        }
        ImageReader reader = readers.next();
        try (ImageInputStream in = new LimitedStream(picture, limit)) {
            reader.setInput(in, true, true);
            int fullWidth = reader.getWidth(0);
            int fullHeight = reader.getHeight(0);
            double pixels = (double) fullWidth * fullHeight;
            boolean keepsAll =
                    contentType.equals("image/webp") || (contentType.equals("image/jpeg") && !isOneScan(picture));
            if (pixels > (keepsAll ? MAX_KEPT_PIXELS : MAX_PIXELS)) {
                throw new IOException("%d x %d pixels are too many".formatted(fullWidth, fullHeight));
            }
            ImageReadParam param = reader.getDefaultReadParam();
            int step = Math.max((int) (Math.min(fullWidth, fullHeight) / (1.5 * width)), (int)
                    Math.ceil(Math.sqrt(pixels / READ_PIXELS)));
            param.setSourceSubsampling(Math.max(1, step), Math.max(1, step), 0, 0);
            BufferedImage image = ExifFilterUtils.getFilterForOrientation(orientation(picture))
                    .apply(reader.read(0, param));
            ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
            Thumbnails.of(image)
                    .scale(Math.min(1, Math.min((double) width / image.getWidth(), 2.0 * width / image.getHeight())))
                    .addFilter(JpegScaler::onWhite)
                    .outputFormat("jpg")
                    .outputQuality(0.8)
                    .toOutputStream(jpeg);
            return jpeg.toByteArray();
        } catch (RuntimeException e) {
            // a damaged file causes any exception of a decoder
            throw new IOException("the picture is damaged", e);
        } finally {
            reader.dispose();
        }
    }

    /** Returns the number of markers of scans in a file; pixels cannot contain one. */
    private static long scans(byte[] picture) {
        return IntStream.range(1, picture.length)
                .filter(i -> picture[i] == (byte) SCAN && picture[i - 1] == (byte) 0xFF)
                .count();
    }

    /** Returns whether a JPEG is decoded row by row: its first scan has all components of a baseline frame. */
    private static boolean isOneScan(byte[] picture) {
        List<byte[]> frames = segments(picture, BASELINE_FRAME);
        List<byte[]> scans = segments(picture, SCAN);
        return !frames.isEmpty() && !scans.isEmpty() && frames.getFirst()[5] == scans.getFirst()[0];
    }

    /** Returns the orientation in the EXIF block of a JPEG; upright for other files, and if there is none. */
    private static Orientation orientation(byte[] picture) {
        return segments(picture, EXIF).stream()
                .flatMap(exif -> Stream.ofNullable(ExifUtils.getOrientationFromExif(exif)))
                .findFirst()
                .orElse(Orientation.TOP_LEFT);
    }

    /** Returns the segments of a kind at the start of a JPEG, up to the first scan; none for other files. */
    private static List<byte[]> segments(byte[] picture, int kind) {
        List<byte[]> found = new ArrayList<>();
        ByteBuffer rest = ByteBuffer.wrap(picture);
        int marker = Short.toUnsignedInt(rest.getShort());
        if (marker != START_OF_JPEG) {
            return found;
        }
        while (marker != SCAN && rest.remaining() > Integer.BYTES) {
            marker = Short.toUnsignedInt(rest.getShort());
            int length = Short.toUnsignedInt(rest.getShort()) - Short.BYTES;
            boolean hasLength = marker >= BASELINE_FRAME && marker != FILLED && (marker < RESTART || marker > END);
            if (!hasLength || length < 0 || length > rest.remaining()) {
                break;
            }
            byte[] content = new byte[length];
            rest.get(content);
            if (marker == kind) {
                found.add(content);
            }
        }
        return found;
    }

    private static BufferedImage onWhite(BufferedImage image) {
        BufferedImage opaque = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = opaque.createGraphics();
        graphics.drawImage(image, 0, 0, Color.WHITE, null);
        graphics.dispose();
        return opaque;
    }
}
