package io.github.notearchive.media.format;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Small complete files made by real tools; their README documents how. */
public final class Samples {

    private static final Path DIRECTORY = Path.of("src", "test", "resources", "media");

    private Samples() {}

    public static List<String> names() {
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.endsWith(".md"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static byte[] bytes(String name) {
        try {
            return Files.readAllBytes(DIRECTORY.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All but its last bytes. */
    public static byte[] without(String name, int last) {
        byte[] bytes = bytes(name);
        return Arrays.copyOf(bytes, bytes.length - last);
    }

    static Container container(String name) {
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "heic", "avif" -> Container.HEIF;
            case "mp4", "mov", "m4a" -> Container.ISO_MEDIA;
            case "webp" -> Container.WEBP;
            case "jpg" -> Container.JPEG;
            case "png" -> Container.PNG;
            case "gif" -> Container.GIF;
            case "wav" -> Container.WAV;
            case "mp3", "aac" -> Container.AUDIO_FRAMES;
            case "ogg" -> Container.OGG;
            case "flac" -> Container.UNCHECKED;
            default -> throw new IllegalArgumentException(name);
        };
    }
}
