package io.github.notearchive.browse;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Pages of refused and failed requests, without details of the program. */
@RestController
record ErrorPages(PageRenderer pages) implements ErrorController {

    @RequestMapping("/error")
    ResponseEntity<String> error(HttpServletRequest request) {
        Object code = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
        HttpStatus status = code instanceof Integer number ? HttpStatus.valueOf(number) : HttpStatus.NOT_FOUND;
        String key = "error." + status.value();
        String known = Texts.EN.has(key) ? key : status.is4xxClientError() ? "error.400" : "error.500";
        return pages.page(request, status, "browse/error", Map.of("key", known, "status", status.value()));
    }
}
