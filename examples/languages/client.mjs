const answer = await fetch(process.argv[2]);
console.log("node:", await answer.text());
