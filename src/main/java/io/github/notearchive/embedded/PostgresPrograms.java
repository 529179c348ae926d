package io.github.notearchive.embedded;

import io.github.notearchive.io.files.AtomicFile;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.io.FileUtils;
import org.tukaani.xz.XZInputStream;

/**
 * PostgreSQL programs, unpacked to the directory {@code postgres-binaries} from an archive on the class path. An
 * incomplete or truncated program is not noticed, so that the programs are unpacked again unless they have a mark,
 * which is set after they have started a server.
 */
record PostgresPrograms(Path directory, Path mark) {

    /** Unpacks the programs, which takes some seconds, unless they are marked. The caller owns the data directory. */
    static PostgresPrograms unpack(Path home) throws IOException {
        Path directory = Files.createDirectories(home.resolve("postgres-binaries"), AtomicFile.PRIVATE_DIRECTORY);
        String archive = "/postgres-%s-%s.txz"
                .formatted(
                        System.getProperty("os.name").startsWith("Mac") ? "darwin" : "linux",
                        System.getProperty("os.arch").equals("aarch64") ? "arm_64" : "x86_64");
        try (InputStream digested = open(archive);
                InputStream in = open(archive)) {
            String digest = DigestUtils.md5Hex(digested);
            var programs = new PostgresPrograms(directory.resolve(digest), directory.resolve(digest + ".whole"));
            if (!Files.exists(programs.mark)) {
                FileUtils.cleanDirectory(directory.toFile());
                programs.unpack(new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(in))));
            }
            return programs;
        }
    }

    void markWhole() throws IOException {
        if (!Files.exists(mark)) {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file :
                        files.filter(file -> !Files.isSymbolicLink(file)).toList()) {
                    AtomicFile.force(file);
                }
            }
            AtomicFile.write(mark, new byte[0]);
        }
    }

    private static InputStream open(String archive) throws IOException {
        InputStream in = PostgresPrograms.class.getResourceAsStream(archive);
        if (in == null) {
            throw new IOException("this program has no PostgreSQL for this machine, " + archive);
        }
        return in;
    }

    private void unpack(TarArchiveInputStream archive) throws IOException {
        for (TarArchiveEntry entry = archive.getNextEntry(); entry != null; entry = archive.getNextEntry()) {
            Path file = entry.resolveIn(directory);
            Files.createDirectories(entry.isDirectory() ? file : file.getParent());
            if (entry.isSymbolicLink()) {
                Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
            } else if (entry.isFile()) {
                Files.copy(archive, file);
                boolean _ = file.toFile().setExecutable((entry.getMode() & 0100) != 0);
            }
        }
    }

    /**
     * Returns the command line of a program. As root it runs in a user namespace, because PostgreSQL refuses to run as
     * root.
     */
    List<String> command(String program, String... arguments) {
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            command.addAll(List.of("unshare", "-U"));
        }
        command.add(directory.resolve("bin").resolve(program).toString());
        command.addAll(List.of(arguments));
        return command;
    }
}
