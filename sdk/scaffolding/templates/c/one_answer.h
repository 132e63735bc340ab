/* An HTTP server on this machine that gives one answer to one request, for tests. */
#ifndef ONE_ANSWER_H
#define ONE_ANSWER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct one_answer {
    int       socket, port;
    pthread_t thread;
    char      answer[1024];
};

static void *one_answer_serve(void *context) {
    const struct one_answer *server = context;
    const int client = accept(server->socket, NULL, NULL);
    char request[8192];
    size_t used = 0;
    if (client < 0) return NULL;
    while (used + 1 < sizeof request) {
        const ssize_t count = recv(client, request + used, sizeof request - used - 1, 0);
        if (count <= 0) break;
        used += (size_t)count;
        request[used] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL) break;
    }
    send(client, server->answer, strlen(server->answer), MSG_NOSIGNAL);
    close(client);
    return NULL;
}

/* head: "200 OK", and header lines behind it when there are any. */
static void one_answer_begin(struct one_answer *server, const char *head, const char *body) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(server->answer, sizeof server->answer, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", head,
             strlen(body), body);
    if (bind(server->socket, (struct sockaddr *)&address, size) != 0 || listen(server->socket, 1) != 0 ||
        getsockname(server->socket, (struct sockaddr *)&address, &size) != 0 ||
        pthread_create(&server->thread, NULL, one_answer_serve, server) != 0) {
        perror("no port to listen on");
        exit(1);
    }
    server->port = ntohs(address.sin_port);
}

static void one_answer_end(struct one_answer *server) {
    shutdown(server->socket, SHUT_RDWR); /* ends a wait for a request that never came */
    pthread_join(server->thread, NULL);
    close(server->socket);
}

#endif
