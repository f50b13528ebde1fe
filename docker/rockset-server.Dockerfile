# @hist/rockset-server as a container. From the root of the repository, after `npm run build`:
#   docker build -f docker/rockset-server.Dockerfile -t hist-rockset-server packages/rockset-server
#   docker run -e HIST_ROCKSET_API_KEY=<key> -p 127.0.0.1:4243:4243 -v rockset:/data hist-rockset-server
# Untested: no daemon was at hand, its steps were run by hand. Whoever has one: replace the tag by its digest and delete these two lines.
FROM node:22.23.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /server
# npm would ask the registry for what pnpm takes from the workspace; those are for tests only.
COPY package.json ./
RUN npm pkg delete devDependencies && npm install --omit=dev --no-audit --no-fund && mkdir /data && chown node:node /data
COPY dist dist
USER node
VOLUME /data
EXPOSE 4243
STOPSIGNAL SIGTERM
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:4243/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The container can be reached by others, so it starts with a key only.
ENTRYPOINT ["node", "dist/cli.js", "--data", "/data/rockset.db", "--host", "0.0.0.0"]
