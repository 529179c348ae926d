package io.github.notearchive.cli.check;

import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.cli.ArchiveLocation;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.media.MediaProperties;
import io.github.notearchive.provider.NoteSourceProperties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.util.unit.DataSize;

/** Checks of this machine: Java, the settings, and the data directory. */
final class LocalChecks {

    /** Minimum free space of a run. */
    private static final DataSize LEAST_SPACE = DataSize.ofMegabytes(500);

    private static final int OLDEST_JDK = 25;

    private final CommandContext context;

    LocalChecks(CommandContext context) {
        this.context = context;
    }

    static Finding java() {
        Runtime.Version version = Runtime.version();
        String found = "%s at %s, %d processors, at most %s of heap"
                .formatted(
                        version,
                        System.getProperty("java.home"),
                        Runtime.getRuntime().availableProcessors(),
                        DisplayFormat.size(Runtime.getRuntime().maxMemory()));
        return version.feature() >= OLDEST_JDK
                ? Finding.ok(found)
                : Finding.wrong(found + "; a JDK of version " + OLDEST_JDK + " or newer is needed");
    }

    Finding settings() {
        Set<String> problems = context.settings().bindingProblems();
        problems.addAll(context.settings().problems());
        if (!problems.isEmpty()) {
            return Finding.wrong(String.join("\n", problems));
        }
        NoteSourceProperties source = context.get(NoteSourceProperties.class);
        String node = context.get(ArchiveProperties.class).node();
        List<String> warnings = context.get(ArchiveLocation.class).unusedCredentials();
        if (source.allowPlainHttp() && "http".equalsIgnoreCase(source.baseUrl().getScheme()) && !source.isLoopback()) {
            warnings.add("the token is sent unencrypted to %s, as JUSTONEAPI_ALLOW_PLAIN_HTTP allows; node %s"
                    .formatted(source.baseUrl(), node));
        }
        return warnings.isEmpty()
                ? Finding.ok("valid; node " + node + ", provider " + source.baseUrl())
                : Finding.warning(String.join("\n", warnings));
    }

    Finding token() {
        String token = context.get(NoteSourceProperties.class).token().value();
        if (token.isEmpty()) {
            return Finding.wrong("there is none; set JUSTONEAPI_TOKEN to the token of your JustOneAPI account");
        }
        if (!token.matches("[\\x21-\\x7e]+") || token.matches(".*[\"'<>].*")) {
            return Finding.warning(
                    "JUSTONEAPI_TOKEN is set, but contains spaces, quotes, brackets or letters that are not ASCII; check that only the token was copied");
        }
        return token.length() < 8
                ? Finding.warning(
                        "JUSTONEAPI_TOKEN is set, but shorter than 8 characters; check that it was copied completely")
                : Finding.ok("JUSTONEAPI_TOKEN is set; only a paid call shows whether the provider accepts it");
    }

    private Path directory() {
        return context.get(ArchiveLocation.class).directory();
    }

    Finding dataDirectory() throws IOException {
        Path directory = directory();
        if (!Files.exists(directory)) {
            Path parent = existing(directory);
            return Files.isDirectory(parent) && Files.isWritable(parent)
                    ? Finding.ok(directory + " does not exist yet, and is created when it is needed")
                    : Finding.wrong(
                            "%s does not exist and cannot be created, since %s is not a writable directory; name another one in ARCHIVE_DATA_DIR"
                                    .formatted(directory, parent));
        }
        if (!Files.isDirectory(directory)) {
            return Finding.wrong(directory + " is a file; move it, or set ARCHIVE_DATA_DIR");
        }
        try {
            Files.delete(Files.createTempFile(directory, "check-", ".tmp"));
        } catch (IOException e) {
            return Finding.wrong(
                    "%s cannot be written to, %s; check permissions and free space, or set ARCHIVE_DATA_DIR"
                            .formatted(directory, e));
        }
        List<ResponseSpool> pending = context.get(ResponseSpool.class).ofAllNodes();
        if (!pending.isEmpty()) {
            return Finding.warning("%s has %s, which are not in the ledger yet; the next run writes them"
                    .formatted(
                            directory,
                            pending.stream().map(ResponseSpool::summary).collect(Collectors.joining(", "))));
        }
        if (!Files.getFileStore(directory).supportsFileAttributeView("posix")) {
            return Finding.ok(directory + " is writable");
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory);
        String found = directory + ", " + PosixFilePermissions.toString(permissions);
        return permissions.stream().allMatch(permission -> permission.name().startsWith("OWNER_"))
                ? Finding.ok(found)
                : Finding.warning(found + ": other users have access; chmod 700 it, unless that is intended");
    }

    private static Path existing(Path path) {
        Path found = path;
        while (!Files.exists(found) && found.getParent() != null) {
            found = found.getParent();
        }
        return found;
    }

    Finding diskSpace() throws IOException {
        Path directory = existing(directory());
        long free = Files.getFileStore(directory).getUsableSpace();
        String found = DisplayFormat.size(free) + " free at " + directory;
        if (free < LEAST_SPACE.toBytes()) {
            return Finding.wrong(
                    found + ", which files need before they are stored; free space, or set ARCHIVE_DATA_DIR");
        }
        long spool = context.get(MediaProperties.class).maxSpoolSize().toBytes();
        return free < spool
                ? Finding.warning("%s, but archive.media.max-spool-size allows %s; free space, or lower it"
                        .formatted(found, DisplayFormat.size(spool)))
                : Finding.ok(found);
    }
}
