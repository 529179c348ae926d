package io.github.notearchive.media;

/** What became of one try at one address. The words name no address. */
sealed interface Attempt {

    /** The file, complete. */
    record Complete(DownloadedMedia media) implements Attempt {}

    /** The server says that there is no such file, or not for us. */
    record Gone(String why) implements Attempt {}

    /** Something that may pass; {@code again} when this address is worth another try right away. */
    record Passing(String why, boolean again) implements Attempt {}

    /** The spool has no room for it now, which is neither the server's fault nor the file's. */
    record NoRoom(String why) implements Attempt {}

    /** Our own guard does not follow the address, or not to its end. */
    record Refused(String why) implements Attempt {}
}
