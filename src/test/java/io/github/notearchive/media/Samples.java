package io.github.notearchive.media;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Small files made by real tools, all of them whole; their README says how. */
final class Samples {

    private static final Path DIRECTORY = Path.of("src", "test", "resources", "media");

    private Samples() {}

    static List<String> names() {
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.endsWith(".md"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(String name) {
        try {
            return Files.readAllBytes(DIRECTORY.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Its type, as a download finds it. */
    static MediaType type(String name) {
        return MediaType.of(Arrays.copyOf(bytes(name), MediaType.HEAD_LENGTH)).orElseThrow();
    }

    /** All but its last bytes. */
    static byte[] without(String name, int last) {
        byte[] bytes = bytes(name);
        return Arrays.copyOf(bytes, bytes.length - last);
    }
}
