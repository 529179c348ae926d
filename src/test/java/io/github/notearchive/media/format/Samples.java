package io.github.notearchive.media.format;

import io.github.notearchive.note.MediaType;
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

    static MediaType type(String name) {
        return MediaType.ofName(name).orElseThrow();
    }
}
