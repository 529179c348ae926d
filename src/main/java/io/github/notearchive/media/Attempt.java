package io.github.notearchive.media;

/** Result of one attempt at one URL, classified by what the downloader does next. Reasons contain no URL. */
sealed interface Attempt {

    /** The complete file. */
    record Complete(DownloadedMedia media) implements Attempt {}

    /** The spool is full. Caused neither by the server nor by the file. */
    record NoRoom(String reason) implements Attempt {}

    /** No file at this URL. */
    sealed interface Failure extends Attempt {
        String reason();
    }

    /** The server has no such file, or denies it. */
    record Gone(String reason) implements Failure {}

    /**
     * Temporary failure.
     *
     * @param again whether another attempt at this URL is useful now
     */
    record Retryable(String reason, boolean again) implements Failure {}

    /** Our own rules forbid the URL, a redirect or the file. */
    record Rejected(String reason) implements Failure {}
}
