package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;
import org.springframework.util.FileSystemUtils;

/**
 * The packaged program with its libraries apart, as an image has it, and with a cache of its classes, which spares each
 * start more than half of its work. Tests start it a hundred times and more.
 *
 * <p>Made once for each jar, in {@code target/unpacked}; a short practice says which classes are needed. A cache that
 * the virtual machine does not take makes it warn on standard output.
 */
final class Unpacked {

    private static final Path ALL = Path.of("target", "unpacked").toAbsolutePath();

    private static final Unpacked MADE = unpack();

    private final Path home;

    private Unpacked(Path home) {
        this.home = home;
    }

    static Unpacked made() {
        return MADE;
    }

    Path jar() {
        return home.resolve(Program.JAR.getFileName());
    }

    /** Returns the options of the launcher for the cache, without warnings about it on standard output. */
    List<String> options() {
        return List.of("-XX:AOTCache=" + cache(), "-Xlog:aot*=off", "-Xlog:cds*=off");
    }

    private Path cache() {
        return home.resolve("classes.aot");
    }

    private void make() throws IOException {
        FileSystemUtils.deleteRecursively(ALL);
        Files.createDirectories(ALL);
        java(List.of("-Djarmode=tools"), Program.JAR, "extract", "--destination", home.toString());
        Path unfinished = home.resolve("classes.aot.new");
        Path practice = home.resolve("practice");
        List<String> options = new ArrayList<>(Program.OPTIONS);
        options.add("-XX:AOTCacheOutput=" + unfinished);
        java(options, jar(), "sandbox", "--data-dir", practice.toString(), "--notes", "3");
        FileSystemUtils.deleteRecursively(practice);
        Files.move(unfinished, cache());
    }

    private static void java(List<String> options, Path jar, String... arguments) {
        Program.execute(ALL, Map.of(), Program.command(options, jar, arguments))
                .end()
                .with(0);
    }

    private static Unpacked unpack() {
        try {
            String digest = DigestUtils.sha256Hex(Files.readAllBytes(Program.JAR));
            Unpacked unpacked = new Unpacked(ALL.resolve(digest.substring(0, 16) + "-" + Runtime.version()));
            if (!Files.exists(unpacked.cache())) {
                unpacked.make();
            }
            assertThat(unpacked.cache()).isNotEmptyFile();
            return unpacked;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
