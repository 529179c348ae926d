package io.github.notearchive.cli.check;

import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.cli.ArchiveLocation;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.check.Check.Seen;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.media.MediaProperties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.util.unit.DataSize;

/** Looks at the machine: Java, and the directory and disk that the data lies on. */
final class MachineCheck {

    /** With less no run gets far. */
    private static final DataSize LEAST_SPACE = DataSize.ofMegabytes(500);

    private static final int OLDEST_JDK = 25;

    private final CommandContext context;

    MachineCheck(CommandContext context) {
        this.context = context;
    }

    static Seen java() {
        Runtime.Version version = Runtime.version();
        String found = "%s at %s, %d processors, at most %s of heap"
                .formatted(
                        version,
                        System.getProperty("java.home"),
                        Runtime.getRuntime().availableProcessors(),
                        DisplayFormat.size(Runtime.getRuntime().maxMemory()));
        return version.feature() >= OLDEST_JDK
                ? Seen.ok(found)
                : Seen.wrong(found + "; a JDK of version " + OLDEST_JDK + " or newer is needed");
    }

    private Path directory() {
        return context.get(ArchiveLocation.class).directory();
    }

    Seen dataDirectory() throws IOException {
        Path directory = directory();
        if (!Files.exists(directory)) {
            Path parent = existing(directory);
            return Files.isDirectory(parent) && Files.isWritable(parent)
                    ? Seen.ok(directory + " is not there yet, and is made when it is needed")
                    : Seen.wrong(directory
                            + " is not there and cannot be made, since "
                            + parent
                            + (Files.isDirectory(parent) ? " cannot be written to" : " is no directory")
                            + "; name another one in ARCHIVE_DATA_DIR");
        }
        if (!Files.isDirectory(directory)) {
            return Seen.wrong(directory + " is a file; move that away, or set ARCHIVE_DATA_DIR");
        }
        try {
            Files.delete(Files.createTempFile(directory, "check-", ".tmp"));
        } catch (IOException e) {
            return Seen.wrong(directory
                    + " cannot be written to, "
                    + e
                    + "; give this user the right and the room, or set ARCHIVE_DATA_DIR");
        }
        List<ResponseSpool> unwritten = context.get(ResponseSpool.class).ofAllNodes();
        if (!unwritten.isEmpty()) {
            return Seen.warning(directory
                    + " has "
                    + unwritten.stream().map(ResponseSpool::summary).collect(Collectors.joining(", "))
                    + ", which are not in the ledger yet; the next run writes them there");
        }
        if (!Files.getFileStore(directory).supportsFileAttributeView("posix")) {
            return Seen.ok(directory + " can be written to");
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory);
        String found = directory + ", " + PosixFilePermissions.toString(permissions);
        return permissions.stream().allMatch(permission -> permission.name().startsWith("OWNER_"))
                ? Seen.ok(found)
                : Seen.warning(found + ": others may look into it; chmod 700 it, unless that is meant so");
    }

    private static Path existing(Path path) {
        Path there = path;
        while (!Files.exists(there) && there.getParent() != null) {
            there = there.getParent();
        }
        return there;
    }

    Seen diskSpace() throws IOException {
        Path there = existing(directory());
        long free = Files.getFileStore(there).getUsableSpace();
        String found = DisplayFormat.size(free) + " free at " + there;
        if (free < LEAST_SPACE.toBytes()) {
            return Seen.wrong(
                    found + ", where files lie on their way to the store; make room, or set ARCHIVE_DATA_DIR");
        }
        DataSize spool = context.get(MediaProperties.class).maxSpoolSize();
        return free < spool.toBytes()
                ? Seen.warning(found
                        + ", but archive.media.max-spool-size lets "
                        + DisplayFormat.size(spool.toBytes())
                        + " lie there; make room, or lower it")
                : Seen.ok(found);
    }
}
